#pragma once

#include <memory>

#include "chaos.hpp"
#include "sabotage.hpp"
#include "tram/cdc/change_source.hpp"

namespace tram::simulation {

/// A change source that fails at reads and confirmations. `line` outlives it.
std::unique_ptr<ChangeSource> faulty_source(std::unique_ptr<ChangeSource> inner, Lifeline& line,
                                            Sabotage sabotage);

}  // namespace tram::simulation
