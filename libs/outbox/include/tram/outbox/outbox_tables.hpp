#pragma once

#include "tram/storage/table_part.hpp"

namespace tram {

/// The outbox: `message`.
TablePart outbox_tables(Dialect const& dialect);

}  // namespace tram
