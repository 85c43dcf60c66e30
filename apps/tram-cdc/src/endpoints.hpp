#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "health.hpp"
#include "tram/http/message.hpp"

namespace tram::relay_program {

/// Whom the program asks for its answers over HTTP; called on the server's threads.
struct RelayProbes {
  /// For every request.
  std::function<RelayView()> look;
  /// For those who want to know whether the relay is.
  std::function<bool(RelayView const&)> finished;
  /// For the Java service's health: what is wrong with the broker, empty when nothing is.
  std::function<std::string()> broker_trouble;
  /// How long ago the last heartbeat was, nothing before the first; unset where none are written.
  std::function<std::optional<Duration>()> heartbeat_age{};
};

/// What the program answers over HTTP.
std::vector<http::Route> endpoints(RelayProbes const& probes);

}  // namespace tram::relay_program
