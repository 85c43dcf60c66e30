#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tram/relay/relay_view.hpp"

namespace tram::relay_program {

/// Whether everything that was read is published, and the last look found nothing more. What was
/// committed a moment ago may not have been seen yet; see `CaughtUpProbe`.
bool is_caught_up(RelayView const& view);

/// The Java service's health document, with its component names. `broker_trouble` is what asking
/// the broker came to: an idle relay is ready without one.
struct JavaHealth {
  bool up{};
  std::string json;
};
JavaHealth java_health(RelayView const& view, std::string const& broker_trouble);
/// One of its components; nothing when it has none of that name.
std::optional<JavaHealth> java_health_component(RelayView const& view,
                                                std::string const& broker_trouble,
                                                std::string_view name);

/// `{"ready":false,"reason":"…","relay":{…}}`.
std::string readiness_json(RelayView const& view);

/// The Java service's status document of a reader.
std::string reader_status_json(RelayView const& view, bool finished);

}  // namespace tram::relay_program
