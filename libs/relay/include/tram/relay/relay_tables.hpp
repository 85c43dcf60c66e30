#pragma once

#include "tram/storage/table_part.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Positions and held rows of relays, beside the tables that only Java relays use.
TablePart relay_tables(Dialect const& dialect);

}  // namespace tram

#pragma GCC visibility pop
