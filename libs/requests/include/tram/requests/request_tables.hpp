#pragma once

#include "tram/storage/table_part.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Requests of operators: `tram_request`.
TablePart request_tables(Dialect const& dialect);

}  // namespace tram

#pragma GCC visibility pop
