#pragma once

#include "tram/storage/table_part.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The inbox, `received_messages`, and held messages.
TablePart subscriber_tables(Dialect const& dialect);

}  // namespace tram

#pragma GCC visibility pop
