#pragma once

#include <memory>

#include "chaos.hpp"
#include "sabotage.hpp"
#include "tram/sql/connection.hpp"

namespace tram::simulation {

/// A database as one process sees it: errors, commits in doubt, and death between any two
/// statements. `inner` and `line` outlive the driver.
std::unique_ptr<DatabaseDriver> faulty_driver(DatabaseDriver& inner, Lifeline& line,
                                              Sabotage sabotage);

}  // namespace tram::simulation
