#pragma once

#include <functional>
#include <string>
#include <vector>

#include "service_view.hpp"
#include "tram/http/message.hpp"

namespace tram {

/// What a service answers over HTTP: its own routes, then the application's. `look` is called for
/// every request, on the server's threads.
std::vector<http::Route> service_endpoints(std::function<ServiceView()> look, std::string asyncapi,
                                           std::vector<http::Route> application,
                                           std::function<ServicePhase()> phase);

}  // namespace tram
