#pragma once

#include "tram/storage/table_part.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The outbox: `message`.
TablePart outbox_tables(Dialect const& dialect);

}  // namespace tram

#pragma GCC visibility pop
