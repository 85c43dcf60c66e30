#include "endpoints.hpp"

#include <algorithm>
#include <string_view>

#include "metrics.hpp"
#include "tram/json/writer.hpp"
#include "tram/metrics/metrics_text.hpp"

namespace tram::relay_program {
namespace {

using http::Request;
using http::Response;

constexpr int unavailable{503};

Response ready_or_not(std::string body, bool good) {
  return http::json_response(std::move(body), good ? 200 : unavailable);
}

/// As the Java service's Spring Boot says it.
constexpr std::string_view actuator_content_type{"application/vnd.spring-boot.actuator.v3+json"};

Response actuator_answer(std::string body, int status) {
  return {.status = status,
          .content_type = std::string{actuator_content_type},
          .body = std::move(body)};
}

using HeartbeatAge = std::function<std::optional<Duration>()>;

Response metrics(RelayView const& view, HeartbeatAge const& heartbeat_age) {
  auto const heartbeat =
      heartbeat_age ? HeartbeatView{.written = true, .age = heartbeat_age()} : HeartbeatView{};
  return {.content_type = std::string{http::MetricsText::content_type},
          .body = metrics_text(view, heartbeat)};
}

/// Where the request came to, as its client names it.
std::string base_of(Request const& request) {
  auto const host = request.headers.find("host");
  return "http://" + (host == request.headers.end() ? "localhost" : host->second) + "/actuator";
}

Response actuator_links(Request const& request) {
  auto const base = base_of(request);
  std::string text;
  json::Writer writer{text, {.bad_text = json::BadText::replaced}};
  auto const link = [&](std::string_view name, std::string const& target, bool templated) {
    writer.member(name);
    writer.begin_object();
    writer.member("href");
    writer.string(target);
    writer.member("templated");
    writer.boolean(templated);
    writer.end_object();
  };
  writer.begin_object();
  writer.member("_links");
  writer.begin_object();
  link("self", base, false);
  link("health", base + "/health", false);
  link("health-path", base + "/health/{*path}", true);
  link("prometheus", base + "/prometheus", false);
  writer.end_object();
  writer.end_object();
  return actuator_answer(std::move(text), 200);
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

Response reader_status_of_query(RelayView const& view, Request const& request,
                                Finished const& finished) {
  constexpr int bad_request{400};
  auto const name = request.query.find("readerName");
  if (name != request.query.end()) return reader_status(view, name->second, finished);
  return {.status = bad_request,
          .body = "parameter readerName is missing: ask for /cdc-event-processing-status?"
                  "readerName=NAME\n"};
}

Response reader_finished(RelayView const& view, std::string const& name, Finished const& finished) {
  if (!same_name(name, view.name)) return unknown_reader(name);
  return {.status = finished(view) ? 200 : unavailable};
}

/// The Java service takes these with a slash at their end, too.
void add_with_slash(std::vector<http::Route>& routes) {
  auto const count = routes.size();
  for (std::size_t at = 0; at < count; ++at) {
    if (!routes[at].pattern.starts_with("/actuator")) continue;
    auto route = routes[at];
    route.pattern += '/';
    routes.push_back(std::move(route));
  }
}

}  // namespace

std::vector<http::Route> endpoints(RelayProbes const& probes) {
  auto const route = [&probes](std::string const& pattern, auto const& answer,
                               http::Urgency urgency = http::Urgency::normal) {
    return http::Route{.method = "GET",
                       .pattern = pattern,
                       .handler = [look = probes.look, answer](
                                      Request const& request) { return answer(look(), request); },
                       .urgency = urgency};
  };
  std::vector<http::Route> routes{
      route(
          "/health/live", [](auto const& view, auto const&) { return liveness(view); },
          http::Urgency::health),
      route(
          "/health/ready",
          [](auto const& view, auto const&) {
            return ready_or_not(readiness_json(view), view.readiness.ready);
          },
          http::Urgency::health),
      route("/metrics", [age = probes.heartbeat_age](auto const& view,
                                                     auto const&) { return metrics(view, age); }),
      route("/actuator", [](auto const&, auto const& request) { return actuator_links(request); }),
      route("/actuator/prometheus",
            [age = probes.heartbeat_age](auto const& view, auto const&) {
              return metrics(view, age);
            }),
      route("/actuator/health",
            [ask = probes.broker_trouble](auto const& view, auto const&) {
              auto health = java_health(view, ask());
              return actuator_answer(std::move(health.json), health.up ? 200 : unavailable);
            }),
      route("/actuator/health/{component}",
            [ask = probes.broker_trouble](auto const& view, auto const& request) {
              auto const& name = request.parameters.at("component");
              auto component = java_health_component(view, ask(), name);
              if (!component) return Response{.status = 404};
              return actuator_answer(std::move(component->json), component->up ? 200 : unavailable);
            }),
      route("/readers/{name}/status",
            [finished = probes.finished](auto const& view, auto const& request) {
              return reader_status(view, request.parameters.at("name"), finished);
            }),
      route("/readers/{name}/finished",
            [finished = probes.finished](auto const& view, auto const& request) {
              return reader_finished(view, request.parameters.at("name"), finished);
            }),
      route("/cdc-event-processing-status",
            [finished = probes.finished](auto const& view, auto const& request) {
              return reader_status_of_query(view, request, finished);
            })};
  add_with_slash(routes);
  return routes;
}

}  // namespace tram::relay_program
