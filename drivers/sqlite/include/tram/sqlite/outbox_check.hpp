#pragma once

#include <vector>

#include "tram/base/finding.hpp"
#include "tram/base/random.hpp"
#include "tram/base/time.hpp"
#include "tram/sqlite/change_source.hpp"

#pragma GCC visibility push(default)

namespace tram::sqlite {

/// Whether a relay would find its outbox. Makes and changes nothing; waits some seconds at most,
/// and a problem is a finding. Of a missing table `message`, which is part of the schema, it says
/// nothing: see `schema_status`.
std::vector<Finding> check_outbox(ChangeSourceConfig const& config, Clock& clock, Random& random);

}  // namespace tram::sqlite

#pragma GCC visibility pop
