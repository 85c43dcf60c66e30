#include "router.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "path_segments.hpp"
#include "tram/base/percent.hpp"

namespace tram::http {
namespace {

using Segments = std::vector<std::string>;
using Parameters = decltype(Request::parameters);

/// Decoded after splitting: an escaped slash belongs to its segment.
std::optional<Segments> decoded(Segments segments) {
  for (auto& segment : segments) {
    auto text = percent_decoded(segment);
    if (!text || !is_segment_text(*text)) return std::nullopt;
    segment = *std::move(text);
  }
  return segments;
}

std::optional<Parameters> match(Segments const& pattern, Segments const& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  Parameters parameters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    auto const name = parameter_name(pattern[i]);
    if (!name && pattern[i] != path[i]) return std::nullopt;
    if (name && path[i].empty()) return std::nullopt;
    if (name) parameters.emplace(*name, path[i]);
  }
  return parameters;
}

std::string join(Segments const& segments) {
  std::string path;
  for (auto const& segment : segments) path.append("/").append(segment);
  return path;
}

Response method_not_allowed(std::set<std::string> const& methods) {
  std::string allowed;
  for (auto const& method : methods) allowed.append(allowed.empty() ? "" : ", ").append(method);
  return {
      .status = 405, .body = "this path takes " + allowed + "\n", .headers = {{"Allow", allowed}}};
}

}  // namespace

Router::Router(std::vector<Route> routes) {
  check_routes(routes);
  for (auto& route : routes) {
    auto segments = path_segments(route.pattern);
    patterns_.push_back({.route = std::move(route), .segments = std::move(segments)});
  }
}

Response Router::answer(Request& request, std::string_view raw_path) const {
  auto const path = raw_path.starts_with('/') ? decoded(path_segments(raw_path)) : std::nullopt;
  if (!path) return {.status = 400, .body = "the path is not well-formed\n"};
  request.path = join(*path);
  // A copy: the two are of different types, so a view would be one of a temporary.
  std::string const method = request.method == "HEAD" ? "GET" : request.method;
  std::set<std::string> methods;
  for (auto const& [route, segments] : patterns_) {
    auto parameters = match(segments, *path);
    if (!parameters) continue;
    if (route.method != method) {
      methods.insert(route.method);
      continue;
    }
    request.parameters = *std::move(parameters);
    return route.handler(request);
  }
  if (!methods.empty()) return method_not_allowed(methods);
  return {.status = 404, .body = "there is nothing at " + request.path + "\n"};
}

Urgency Router::urgency(std::string_view method, std::string_view raw_path) const {
  auto const path = raw_path.starts_with('/') ? decoded(path_segments(raw_path)) : std::nullopt;
  if (!path) return Urgency::normal;
  auto const asked = method == "HEAD" ? std::string_view{"GET"} : method;
  for (auto const& [route, segments] : patterns_) {
    if (route.method == asked && match(segments, *path)) return route.urgency;
  }
  return Urgency::normal;
}

}  // namespace tram::http
