#pragma once

#include <functional>
#include <vector>

#include "health.hpp"
#include "tram/http/message.hpp"

namespace tram::relay_program {

/// What the program answers over HTTP. Both are called on the server's threads: `look` for every
/// request, `finished` for those who ask whether the relay is.
std::vector<http::Route> endpoints(std::function<RelayView()> look,
                                   std::function<bool(RelayView const&)> finished);

}  // namespace tram::relay_program
