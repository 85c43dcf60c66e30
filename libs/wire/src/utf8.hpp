#pragma once

#include <cstdint>
#include <string_view>

namespace tram::utf8 {

/// What a decoder puts where bytes are no UTF-8.
constexpr char32_t replacement = U'\uFFFD';

/// Takes the next code point off a text that is not empty. A byte that begins no valid sequence is taken alone
/// and counts as `replacement`.
inline char32_t take(std::string_view& text) {
  auto const byte = [&](std::size_t at) -> std::uint32_t {
    return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
  };
  auto const tail = [&](std::size_t at) { return (byte(at) & 0xC0U) == 0x80U; };
  std::uint32_t const lead = byte(0);
  std::uint32_t point = replacement;
  std::size_t size = 1;
  if (lead < 0x80U) {
    point = lead;
  } else if (lead >= 0xC2U && lead <= 0xDFU && tail(1)) {
    point = (lead & 0x1FU) << 6U | (byte(1) & 0x3FU);
    size = 2;
  } else if (lead >= 0xE0U && lead <= 0xEFU && tail(1) && tail(2)) {
    auto const value = (lead & 0x0FU) << 12U | (byte(1) & 0x3FU) << 6U | (byte(2) & 0x3FU);
    bool const surrogate = value >= 0xD800U && value <= 0xDFFFU;
    if (value >= 0x800U && !surrogate) {
      point = value;
      size = 3;
    }
  } else if (lead >= 0xF0U && lead <= 0xF4U && tail(1) && tail(2) && tail(3)) {
    auto const value =
        (lead & 0x07U) << 18U | (byte(1) & 0x3FU) << 12U | (byte(2) & 0x3FU) << 6U | (byte(3) & 0x3FU);
    if (value >= 0x10000U && value <= 0x10FFFFU) {
      point = value;
      size = 4;
    }
  }
  text.remove_prefix(size);
  return point;
}

/// How many UTF-16 units Java needs for the text.
inline std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  while (!text.empty()) units += take(text) > 0xFFFFU ? 2 : 1;
  return units;
}

}  // namespace tram::utf8
