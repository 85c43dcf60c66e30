#pragma once

#include "tram/postgres/change_source.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/sql/database.hpp"

namespace tram::postgres {

/// As `OutboxSource::privileges`.
Privileges look_at_privileges(Database& database, ChangeSourceConfig const& config,
                              OutboxRemoval removal);

}  // namespace tram::postgres
