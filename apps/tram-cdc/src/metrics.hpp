#pragma once

#include <optional>
#include <string>

#include "health.hpp"

namespace tram::relay_program {

/// The rows that tell the Java service's monitoring that a relay lives.
struct HeartbeatView {
  bool written{};
  /// Since the last one; nothing before the first.
  std::optional<Duration> age{};
};

/// Our metrics (`tram_relay_…`) and those of the Java service that a relay can tell, in Prometheus'
/// text format.
std::string metrics_text(RelayView const& view, HeartbeatView const& heartbeat = {});

}  // namespace tram::relay_program
