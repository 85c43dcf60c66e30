#pragma once

#include <functional>
#include <vector>

#include "health.hpp"
#include "tram/http/message.hpp"

namespace tram::relay_program {

/// What the program answers over HTTP. `look` is called for every request, on the server's threads.
std::vector<http::Route> endpoints(std::function<RelayView()> look);

}  // namespace tram::relay_program
