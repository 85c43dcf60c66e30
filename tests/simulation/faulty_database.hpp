#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "chaos.hpp"
#include "sabotage.hpp"
#include "tram/base/clock.hpp"
#include "tram/sql/connection.hpp"

namespace tram::simulation {

/// Inbox rows of messages that a frozen member has written and not committed: whoever writes one
/// waits until the member thaws, and its transaction is rolled back.
using RowLocks = std::map<std::string, SteadyTime, std::less<>>;

/// A database as one process sees it: errors, commits in doubt, and death between any two
/// statements. `inner` and `line` outlive the driver.
std::unique_ptr<DatabaseDriver> faulty_driver(DatabaseDriver& inner, Lifeline& line,
                                              RowLocks const& locks, Clock& clock,
                                              Sabotage sabotage);

}  // namespace tram::simulation
