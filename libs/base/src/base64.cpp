#include "tram/base/base64.hpp"

#include <algorithm>
#include <cstdint>

#include "base64_alphabet.hpp"

namespace tram {

std::string to_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t first = 0; first < bytes.size(); first += 3) {
    auto const count = std::min<std::size_t>(3, bytes.size() - first);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8U | (i < count ? static_cast<unsigned char>(bytes[first + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= count ? base64_alphabet[group >> (18U - 6U * i) & 0x3FU] : '=';
    }
  }
  return text;
}

}  // namespace tram
