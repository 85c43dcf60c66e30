#pragma once

#include <string>
#include <string_view>

namespace tram::postgres {

/// The URL as libpq may see it: without our own parameters, which begin with `tram_`. Everything
/// else stays as it was written.
inline std::string libpq_url(std::string_view text) {
  auto const question = text.find('?');
  std::string url{text.substr(0, question)};
  char separator = '?';
  auto query = question == std::string_view::npos ? "" : text.substr(question + 1);
  while (!query.empty()) {
    auto const one = query.substr(0, query.find('&'));
    query.remove_prefix(one.size() == query.size() ? one.size() : one.size() + 1);
    if (one.empty() || one.starts_with("tram_")) continue;
    url.append(1, separator).append(one);
    separator = '&';
  }
  return url;
}

}  // namespace tram::postgres
