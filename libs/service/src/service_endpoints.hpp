#pragma once

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "service_view.hpp"
#include "tram/http/message.hpp"

namespace tram {

/// What a service serves by itself.
inline constexpr std::array<std::string_view, 4> service_paths{"/health/live", "/health/ready",
                                                               "/metrics", "/asyncapi.json"};

/// What a service answers over HTTP: its own routes, then the application's. `look` is called for
/// every request, on the server's threads.
std::vector<http::Route> service_endpoints(std::function<ServiceView()> look, std::string asyncapi,
                                           std::vector<http::Route> application,
                                           std::function<ServicePhase()> phase);

}  // namespace tram
