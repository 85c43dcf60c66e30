#include "router.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "percent.hpp"
#include "tram/base/assert.hpp"

namespace tram::http {
namespace {

using Segments = std::vector<std::string>;
using Parameters = decltype(Request::parameters);

Segments split(std::string_view path) {
  Segments segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    auto const segment = path.substr(0, path.find('/'));
    segments.emplace_back(segment);
    path.remove_prefix(segment.size());
  }
  return segments;
}

/// Decoded after splitting: an escaped slash belongs to its segment.
std::optional<Segments> decoded(Segments segments) {
  for (auto& segment : segments) {
    auto text = percent_decoded(segment, Plus::is_itself);
    if (!text) return std::nullopt;
    segment = *std::move(text);
  }
  return segments;
}

std::optional<std::string_view> parameter_name(std::string_view segment) {
  if (segment.size() < 3 || !segment.starts_with('{') || !segment.ends_with('}'))
    return std::nullopt;
  return segment.substr(1, segment.size() - 2);
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
  for (auto& route : routes) {
    TRAM_ASSERT(route.pattern.starts_with('/'), "a route's pattern begins with a slash");
    auto segments = split(route.pattern);
    patterns_.push_back({.route = std::move(route), .segments = std::move(segments)});
  }
}

Response Router::answer(Request& request, std::string_view raw_path) const {
  auto const path = raw_path.starts_with('/') ? decoded(split(raw_path)) : std::nullopt;
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

}  // namespace tram::http
