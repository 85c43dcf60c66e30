#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/json_text.hpp"

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

/// Text that a segment may be: UTF-8 without control characters. `.` and `..` are none: clients and
/// proxies take them away (https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4), so that what is
/// left of them means one thing to one reader and another thing to the next.
inline bool is_segment_text(std::string_view text) {
  if (text == "." || text == "..") return false;
  std::string quoted;
  return json::append_utf8_string(quoted, text) == std::string_view::npos &&
         std::ranges::none_of(text, [](char character) {
           auto const byte = static_cast<unsigned char>(character);
           return byte < ' ' || byte == 0x7f;
         });
}

/// The name in `{name}`; nothing for any other segment.
inline std::optional<std::string_view> parameter_name(std::string_view segment) {
  if (segment.size() < 2 || !segment.starts_with('{') || !segment.ends_with('}'))
    return std::nullopt;
  return segment.substr(1, segment.size() - 2);
}

}  // namespace tram::http
