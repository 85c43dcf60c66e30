#include "tram/base/base64.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace tram {
namespace {

// RFC 4648, table 1.
constexpr std::string_view base64_alphabet{
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"};

constexpr std::uint8_t no_digit = 0xFF;

consteval std::array<std::uint8_t, 256> digit_table() {
  std::array<std::uint8_t, 256> table{};
  table.fill(no_digit);
  for (std::size_t i = 0; i < base64_alphabet.size(); ++i) {
    table[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return table;
}

// The padding that a text of this length in Base64 must have, which is also the bytes that it
// lacks.
std::size_t padding(std::string_view text) {
  if (text.ends_with("==")) return 2;
  return text.ends_with('=') ? 1 : 0;
}

}  // namespace

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

std::optional<std::string> from_base64(std::string_view text) {
  static constexpr auto digits = digit_table();
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t group = 0;
  auto const digits_count = text.size() - padding(text);
  for (std::size_t i = 0; i < digits_count; ++i) {
    auto const digit = digits[static_cast<unsigned char>(text[i])];
    if (digit == no_digit) return std::nullopt;
    group = group << 6U | digit;
    // The bits that are not yet handed out after this digit: 6, 4, 2, 0 and again from the start.
    auto const left = 6U - 2U * (static_cast<unsigned>(i) % 4U);
    if (i % 4 != 0) bytes.push_back(static_cast<char>(group >> left & 0xFFU));
  }
  return bytes;
}

}  // namespace tram
