#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tram/http/message.hpp"

namespace tram::http {

/// Which handler answers a request. Pure.
class Router {
 public:
  /// Faults: those of `check_routes`.
  explicit Router(std::vector<Route> routes);

  /// Fills in `request.path` and `request.parameters` from the path as it was sent, and has the
  /// request answered: by a handler, or with 400, 404 or 405. What the handler throws goes through.
  [[nodiscard]] Response answer(Request& request, std::string_view raw_path) const;
  /// That of the route that would answer.
  [[nodiscard]] Urgency urgency(std::string_view method, std::string_view raw_path) const;

 private:
  struct Pattern {
    Route route;
    std::vector<std::string> segments;
  };
  std::vector<Pattern> patterns_;
};

}  // namespace tram::http
