#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "path_segments.hpp"
#include "tram/base/error.hpp"
#include "tram/http/message.hpp"

namespace tram::http {
namespace {

[[noreturn]] void refuse(Route const& route, std::string const& why) {
  throw Error{Fault::rejected, "http: route '" + route.method + " " + route.pattern + "' " + why};
}

bool is_word(std::string_view text, std::string_view others) {
  return !text.empty() && std::ranges::all_of(text, [&](char character) {
    bool const is_letter = (character >= 'a' && character <= 'z') ||
                           (character >= 'A' && character <= 'Z') ||
                           (character >= '0' && character <= '9');
    return is_letter || others.find(character) != std::string_view::npos;
  });
}

void check_method(Route const& route) {
  bool const in_capitals =
      is_word(route.method, "-_") && std::ranges::none_of(route.method, [](char character) {
        return character >= 'a' && character <= 'z';
      });
  if (!in_capitals) refuse(route, "has no method in capitals; write GET or POST, say");
  if (route.method == "HEAD")
    refuse(route, "is never asked: routes for GET answer HEAD; write GET");
  if (route.method == "CONNECT") refuse(route, "is never asked: CONNECT is for proxies");
}

void check_pattern(Route const& route) {
  if (!route.pattern.starts_with('/')) refuse(route, "does not begin with a slash; write one");
  std::set<std::string, std::less<>> names;
  for (auto const& segment : path_segments(route.pattern)) {
    auto const name = parameter_name(segment);
    if (name && (!is_word(*name, "-_") || !names.emplace(*name).second))
      refuse(route, "has two parameters '" + std::string{*name} +
                        "', or one whose name is no word; give each another name");
    if (!name && segment.find_first_of("{}") != std::string::npos)
      refuse(route, "has a brace where no whole segment is a parameter; write '/{name}'");
    bool const is_path = std::ranges::none_of(segment, [](char character) {
      auto const byte = static_cast<unsigned char>(character);
      return byte <= ' ' || byte == 0x7f || character == '?' || character == '#' ||
             character == '%';
    });
    if (!is_path)
      refuse(route,
             "holds a blank, '?', '#' or '%': a pattern is a path, unescaped, without query");
    if (!is_segment_text(segment))
      refuse(route, "is never asked: '.', '..' and what is no UTF-8 are no parts of a path");
  }
}

/// Every path that fits `later` fits `earlier`.
bool covers(Route const& earlier, Route const& later) {
  if (earlier.method != later.method) return false;
  auto const wide = path_segments(earlier.pattern);
  auto const narrow = path_segments(later.pattern);
  return std::ranges::equal(wide, narrow, [](auto const& left, auto const& right) {
    // A parameter takes no empty segment.
    return left == right || (parameter_name(left) && !right.empty());
  });
}

}  // namespace

void check_routes(std::vector<Route> const& routes) {
  for (auto route = routes.begin(); route != routes.end(); ++route) {
    check_method(*route);
    check_pattern(*route);
    if (!route->handler) refuse(*route, "has no handler; give it one");
    auto const earlier =
        std::find_if(routes.begin(), route, [&](Route const& one) { return covers(one, *route); });
    if (earlier == route) continue;
    refuse(*route, earlier->pattern == route->pattern
                       ? "is there twice; remove one of them"
                       : "is never reached: '" + earlier->pattern +
                             "' takes all its paths; add this one first");
  }
}

}  // namespace tram::http
