#pragma once

#include <vector>

#include "tram/base/finding.hpp"
#include "tram/base/random.hpp"
#include "tram/base/time.hpp"
#include "tram/postgres/change_source.hpp"

#pragma GCC visibility push(default)

namespace tram::postgres {

/// Checks everything that `change_source` of this configuration needs, and changes nothing. Waits
/// for the server, at most about `connect_timeout`. A server that cannot be reached is a finding,
/// too. Throws: rejected for a connection string that libpq does not understand.
std::vector<Finding> check_outbox(ChangeSourceConfig const& config, Clock& clock, Random& random);

}  // namespace tram::postgres

#pragma GCC visibility pop
