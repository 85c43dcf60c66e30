#pragma once

#include <string>
#include <vector>

#include "tram/base/time.hpp"
#include "tram/metrics/metrics_text.hpp"
#include "tram/relay/relay_status.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The state of a relay at one moment.
struct RelayView {
  std::string name{};
  RelayStatus status{};
  RelayReadiness readiness{};
  SteadyTime now{};
  /// When positions moved or there was nothing to move.
  [[nodiscard]] Duration since_progress() const { return now - status.last_progress; }
};

/// False when the relay's loop has stopped: only a restart helps.
bool is_alive(RelayView const& view);

/// Appends the families `tram_relay_…`, with a sample per relay (docs/reference/metrics.md).
void write_relay_metrics(http::MetricsText& text, std::vector<RelayView> const& relays);

}  // namespace tram

#pragma GCC visibility pop
