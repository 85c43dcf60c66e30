#pragma once

#include "tram/postgres/change_source.hpp"
#include "tram/relay/outbox_source.hpp"

#pragma GCC visibility push(default)

namespace tram {
class Random;
}

namespace tram::postgres {

/// Everything that a relay needs of the outbox that the log of a server shows. `clock` and `random`
/// must outlive what it gives.
///
///     service.relay_outbox({.outbox = tram::postgres::outbox_source({.connection = url}, clock,
///     random)});
std::unique_ptr<OutboxSource> outbox_source(ChangeSourceConfig config, Clock& clock,
                                            Random& random);

}  // namespace tram::postgres

#pragma GCC visibility pop
