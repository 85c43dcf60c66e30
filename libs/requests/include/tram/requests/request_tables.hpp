#pragma once

#include "tram/storage/table_part.hpp"

namespace tram {

/// Requests of operators: `tram_request`.
TablePart request_tables(Dialect const& dialect);

}  // namespace tram
