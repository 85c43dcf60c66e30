#pragma once

#include <vector>

#include "configuration.hpp"
#include "tram/base/finding.hpp"
#include "tram/sql/database.hpp"

namespace tram::relay_program {

/// What the role at the database may do.
struct Privileges {
  /// Whether the version of the tables can be read.
  bool schema_readable{true};
  /// Whether tables that are missing can be made.
  bool may_install{true};
  std::vector<Finding> findings;
};

/// Looks whether the role may do all that the relay does with the tables that are there, but for
/// reading the outbox, and names the GRANT for what it may not. On SQLite everybody may everything.
/// Faults: those of the driver.
Privileges look_at_privileges(Database& database, Configuration const& configuration);

}  // namespace tram::relay_program
