#pragma once

#include "tram/relay/outbox_source.hpp"
#include "tram/sqlite/change_source.hpp"

#pragma GCC visibility push(default)

namespace tram {
class Random;
}

namespace tram::sqlite {

/// Everything that a relay needs of the outbox in a SQLite file. `clock` and `random` must outlive
/// what it gives.
///
///     service.relay_outbox({.outbox = tram::sqlite::outbox_source({.path = "orders.db"}, clock,
///     random)});
std::unique_ptr<OutboxSource> outbox_source(ChangeSourceConfig config, Clock& clock,
                                            Random& random);

}  // namespace tram::sqlite

#pragma GCC visibility pop
