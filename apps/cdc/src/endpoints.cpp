#include "endpoints.hpp"

#include <algorithm>
#include <string_view>

#include "metrics.hpp"
#include "tram/http/metrics_text.hpp"

namespace tram::relay_program {
namespace {

using http::Request;
using http::Response;

constexpr int unavailable{503};

Response ready_or_not(std::string body, bool good) {
  return http::json_response(std::move(body), good ? 200 : unavailable);
}

Response metrics(RelayView const& view) {
  return {.content_type = std::string{http::MetricsText::content_type}, .body = metrics_text(view)};
}

Response liveness(RelayView const& view) {
  bool const alive = is_alive(view);
  return {.status = alive ? 200 : unavailable,
          .body = alive ? "alive\n" : "the relay's loop has stopped; restart the process\n"};
}

/// The Java service compares names in lower case.
bool same_name(std::string_view left, std::string_view right) {
  auto const lower = [](char const character) {
    return character >= 'A' && character <= 'Z' ? static_cast<char>(character + ('a' - 'A'))
                                                : character;
  };
  return std::ranges::equal(left, right, {}, lower, lower);
}

Response unknown_reader(std::string const& name) {
  return {.status = 404, .body = "there is no reader '" + name + "' here\n"};
}

using Finished = std::function<bool(RelayView const&)>;

Response reader_status(RelayView const& view, std::string const& name, Finished const& finished) {
  if (!same_name(name, view.name)) return unknown_reader(name);
  return http::json_response(reader_status_json(view, finished(view)));
}

Response reader_finished(RelayView const& view, std::string const& name, Finished const& finished) {
  if (!same_name(name, view.name)) return unknown_reader(name);
  return {.status = finished(view) ? 200 : unavailable};
}

}  // namespace

std::vector<http::Route> endpoints(Informants const& informants) {
  auto const route = [&informants](std::string const& pattern, auto const& answer) {
    return http::Route{.method = "GET",
                       .pattern = pattern,
                       .handler = [look = informants.look, answer](Request const& request) {
                         return answer(look(), request);
                       }};
  };
  return {
      route("/health/live", [](auto const& view, auto const&) { return liveness(view); }),
      route("/health/ready",
            [](auto const& view, auto const&) {
              return ready_or_not(readiness_json(view), view.readiness.ready);
            }),
      route("/metrics", [](auto const& view, auto const&) { return metrics(view); }),
      route("/actuator/prometheus", [](auto const& view, auto const&) { return metrics(view); }),
      route("/actuator/health",
            [ask = informants.broker_trouble](auto const& view, auto const&) {
              auto health = java_health(view, ask());
              return ready_or_not(std::move(health.json), health.up);
            }),
      route("/readers/{name}/status",
            [finished = informants.finished](auto const& view, auto const& request) {
              return reader_status(view, request.parameters.at("name"), finished);
            }),
      route("/readers/{name}/finished",
            [finished = informants.finished](auto const& view, auto const& request) {
              return reader_finished(view, request.parameters.at("name"), finished);
            }),
      route("/cdc-event-processing-status",
            [finished = informants.finished](auto const& view, auto const& request) {
              auto const name = request.query.find("readerName");
              return reader_status(view, name == request.query.end() ? "" : name->second, finished);
            })};
}

}  // namespace tram::relay_program
