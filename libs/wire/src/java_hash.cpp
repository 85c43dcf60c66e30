#include "tram/wire/java_hash.hpp"

#include "utf8.hpp"

namespace tram {

std::int32_t java_hash(std::string_view text) {
  std::uint32_t hash = 0;
  while (!text.empty()) {
    std::uint32_t const point = utf8::take(text);
    if (point <= 0xFFFFU) {
      hash = hash * 31 + point;
      continue;
    }
    auto const offset = point - 0x10000U;
    hash = hash * 31 + (0xD800U | offset >> 10U);
    hash = hash * 31 + (0xDC00U | (offset & 0x3FFU));
  }
  return static_cast<std::int32_t>(hash);
}

}  // namespace tram
