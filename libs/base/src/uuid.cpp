#include "tram/base/uuid.hpp"

#include "tram/base/error.hpp"
#include "tram/base/random.hpp"

namespace tram {
namespace {

constexpr std::size_t text_size = 36;
constexpr std::string_view digits = "0123456789abcdef";

constexpr bool is_hyphen(std::size_t place) {
  return place == 8 || place == 13 || place == 18 || place == 23;
}

[[noreturn]] void refuse(std::string_view text) {
  constexpr std::size_t longest = 40;
  throw Error{Fault::malformed,
              "uuid: '" + std::string{text.substr(0, longest)} +
                  (text.size() > longest ? "…" : "") +
                  "' is none; it has 32 hexadecimal digits and hyphens between them, such as "
                  "0b9c0b9c-8f6e-4bb4-a2ab-0fbc0c1d2e3f"};
}

/// 16 and more where it is no digit.
std::size_t value_of(char letter) {
  auto const lower =
      letter >= 'A' && letter <= 'F' ? static_cast<char>(letter - 'A' + 'a') : letter;
  auto const found = digits.find(lower);
  return found == std::string_view::npos ? digits.size() : found;
}

}  // namespace

Uuid Uuid::make(Random& random) {
  std::uint64_t const high = (random.bits() & 0xffffffffffff0fffULL) | 0x4000ULL;
  std::uint64_t const low = (random.bits() & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  Uuid uuid;
  for (std::size_t place = 0; place < uuid.bytes.size(); ++place) {
    auto const half = place < 8 ? high : low;
    uuid.bytes[place] = static_cast<std::uint8_t>(half >> (56U - 8U * (place % 8)));
  }
  return uuid;
}

Uuid Uuid::parse(std::string_view text) {
  if (text.size() != text_size) refuse(text);
  Uuid uuid;
  std::size_t nibble = 0;
  for (std::size_t place = 0; place < text_size; ++place) {
    if (is_hyphen(place)) {
      if (text[place] != '-') refuse(text);
      continue;
    }
    auto const value = value_of(text[place]);
    if (value >= digits.size()) refuse(text);
    auto& byte = uuid.bytes[nibble / 2];
    byte = static_cast<std::uint8_t>(std::size_t{byte} << 4U | value);
    ++nibble;
  }
  return uuid;
}

std::string Uuid::text() const {
  std::string text;
  text.reserve(text_size);
  for (auto const byte : bytes) {
    if (is_hyphen(text.size())) text += '-';
    text += digits[byte >> 4U];
    text += digits[byte & 0xfU];
  }
  return text;
}

}  // namespace tram
