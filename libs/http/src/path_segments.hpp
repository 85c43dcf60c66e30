#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tram::http {

/// What stands between the slashes of a path that begins with one.
inline std::vector<std::string> path_segments(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);
    auto const segment = path.substr(0, path.find('/'));
    segments.emplace_back(segment);
    path.remove_prefix(segment.size());
  }
  return segments;
}

/// The name in `{name}`; nothing for any other segment.
inline std::optional<std::string_view> parameter_name(std::string_view segment) {
  if (segment.size() < 2 || !segment.starts_with('{') || !segment.ends_with('}'))
    return std::nullopt;
  return segment.substr(1, segment.size() - 2);
}

}  // namespace tram::http
