#pragma once

#include <string>
#include <string_view>

#include "utf8.hpp"

namespace tram {

/// The beginning of bytes from outside, in quotes and fit for an error message, a log line and a
/// text column: one line of UTF-8, and not too long.
inline std::string excerpt(std::string_view bytes) {
  constexpr std::size_t longest = 60;
  std::string out{"'"};
  auto rest = bytes;
  while (!rest.empty() && bytes.size() - rest.size() < longest) {
    auto const [point, size] = utf8::front(rest);
    bool const printable = size > 0 && point >= 0x20 && point != 0x7f;
    auto const taken = rest.substr(0, size == 0 ? 1 : size);
    out.append(printable ? taken : "?");
    rest.remove_prefix(taken.size());
  }
  return out.append(rest.empty() ? "'" : "…'");
}

}  // namespace tram
