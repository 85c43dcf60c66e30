#include "service_endpoints.hpp"

#include <utility>

#include "tram/metrics/metrics_text.hpp"

namespace tram {
namespace {

using http::Request;
using http::Response;
using http::Route;

constexpr int unavailable{503};

Response answer_liveness(ServiceView const& view) {
  bool const alive = is_alive(view);
  return {.status = alive ? 200 : unavailable,
          .body = alive ? "alive\n" : "a relay's loop has stopped; restart the process\n"};
}

Response answer_readiness(ServiceView const& view) {
  return http::json_response(readiness_json(view),
                             reasons_not_ready(view).empty() ? 200 : unavailable);
}

Response answer_metrics(ServiceView const& view) {
  return {.content_type = std::string{http::MetricsText::content_type}, .body = metrics_text(view)};
}

Route while_running(Route route, std::function<ServicePhase()> phase) {
  route.handler = [handler = std::move(route.handler),
                   phase = std::move(phase)](Request const& request) -> Response {
    if (phase() == ServicePhase::running) return handler(request);
    return {.status = unavailable, .body = "the service is starting or stopping\n"};
  };
  return route;
}

}  // namespace

std::vector<Route> service_endpoints(std::function<ServiceView()> look, std::string asyncapi,
                                     std::vector<Route> application,
                                     std::function<ServicePhase()> phase) {
  auto const route = [&look](std::string_view pattern, auto answer, http::Urgency urgency) {
    return Route{.method = "GET",
                 .pattern = std::string{pattern},
                 .handler = [look, answer](Request const&) { return answer(look()); },
                 .urgency = urgency};
  };
  std::vector<Route> routes{route("/health/live", answer_liveness, http::Urgency::health),
                            route("/health/ready", answer_readiness, http::Urgency::health),
                            route("/metrics", answer_metrics, http::Urgency::normal),
                            Route{.method = "GET",
                                  .pattern = "/asyncapi.json",
                                  .handler = [text = std::move(asyncapi)](Request const&) {
                                    return http::json_response(text);
                                  }}};
  for (auto& each : application) routes.push_back(while_running(std::move(each), phase));
  return routes;
}

}  // namespace tram
