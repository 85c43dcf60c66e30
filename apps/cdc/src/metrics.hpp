#pragma once

#include <string>

#include "health.hpp"

namespace tram::relay_program {

/// Our metrics (`tram_relay_…`) and those of the Java service that a relay can tell, in Prometheus'
/// text format.
std::string metrics_text(RelayView const& view);

}  // namespace tram::relay_program
