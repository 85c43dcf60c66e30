#pragma once

#include <memory>

#include "chaos.hpp"
#include "sabotage.hpp"
#include "silence.hpp"
#include "tram/base/clock.hpp"
#include "tram/relay/change_source.hpp"

namespace tram::simulation {

/// How one process sees the log of a database. All of it outlives the source.
struct FaultySourceParts {
  Lifeline& line;
  Silence& silence;
  Clock& clock;
  Sabotage sabotage;
};

/// A change source that fails at reads and confirmations, and that is not shown some rows.
std::unique_ptr<ChangeSource> faulty_source(std::unique_ptr<ChangeSource> inner,
                                            FaultySourceParts const& parts);

}  // namespace tram::simulation
