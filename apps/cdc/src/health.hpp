#pragma once

#include <string>

#include "tram/base/clock.hpp"
#include "tram/cdc/relay_status.hpp"

namespace tram::relay_program {

/// What is known of the relay at one moment.
struct RelayView {
  std::string name;
  RelayStatus status;
  RelayReadiness readiness;
  SteadyTime now{};
  /// When positions moved or there was nothing to move.
  [[nodiscard]] Duration since_progress() const { return now - status.last_progress; }
};

/// Whether everything that was read is published, and the last look found nothing more. What was
/// committed a moment ago may not have been seen yet; see `FinishLine`.
bool is_caught_up(RelayView const& view);

/// False when the relay's loop has stopped: only a restart helps.
bool is_alive(RelayView const& view);

/// The Java service's health document, with its component names.
std::string java_health_json(RelayView const& view);

/// `{"ready":false,"reason":"…","relay":{…}}`.
std::string readiness_json(RelayView const& view);

/// The Java service's status document of a reader.
std::string reader_status_json(RelayView const& view, bool finished);

}  // namespace tram::relay_program
