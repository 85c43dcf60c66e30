#pragma once

#include <array>
#include <set>
#include <string>

#include "faulty_broker.hpp"
#include "findings.hpp"
#include "process.hpp"
#include "tram/base/clock.hpp"

namespace tram::simulation {

/// Examines a world at rest, whose processes are gone: everything committed is published and
/// handled once, in order per key, and nothing else is. `without_order`: subscribers that do not
/// hold keys.
Findings examine(std::array<Store, 2>& stores, Broker& broker, ManualClock& clock,
                 Traffic const& traffic, std::set<std::string> const& without_order);

}  // namespace tram::simulation
