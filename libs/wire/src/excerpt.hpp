#pragma once

#include <string>
#include <string_view>

namespace tram {

/// The beginning of bytes from outside, in quotes and fit for an error message: one line, and not too long.
inline std::string excerpt(std::string_view bytes) {
  constexpr std::size_t longest = 60;
  auto size = bytes.size() < longest ? bytes.size() : longest;
  // A character of several bytes is not cut in two.
  while (size > 0 && size < bytes.size() && (static_cast<unsigned char>(bytes[size]) & 0xC0U) == 0x80U) --size;
  std::string out{"'"};
  for (char const c : bytes.substr(0, size)) {
    out.push_back(static_cast<unsigned char>(c) < 0x20U || c == '\x7f' ? '?' : c);
  }
  return out.append(size < bytes.size() ? "…'" : "'");
}

}  // namespace tram
