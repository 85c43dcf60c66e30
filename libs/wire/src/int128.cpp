#include "tram/wire/int128.hpp"

#include <charconv>

#include "excerpt.hpp"
#include "tram/base/error.hpp"

namespace tram {
namespace {

constexpr int counter_shift = 48;
constexpr std::uint64_t counter_full = 0xffff;
constexpr std::size_t half_digits = 16;

std::optional<std::int64_t> parse_half(std::string_view digits) {
  std::uint64_t value = 0;
  auto const [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (problem != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

void print_half(std::int64_t half, char* out) {
  auto bits = static_cast<std::uint64_t>(half);
  for (std::size_t at = half_digits; at-- > 0; bits >>= 4U)
    out[at] = "0123456789abcdef"[bits & 0xfU];
}

[[noreturn]] void not_an_id(std::string_view text) {
  throw Error{Fault::malformed,
              "message id: " + excerpt(text) +
                  " is not two hexadecimal numbers of up to 64 bits joined by '-'"};
}

}  // namespace

Int128 Int128::parse(std::string_view text) {
  auto const hyphen = text.find('-');
  if (hyphen == std::string_view::npos) not_an_id(text);
  auto const high = parse_half(text.substr(0, hyphen));
  auto const low = parse_half(text.substr(hyphen + 1));
  if (!high || !low) not_an_id(text);
  return {.high = *high, .low = *low};
}

std::string Int128::to_string() const {
  std::string text(2 * half_digits + 1, '-');
  print_half(high, text.data());
  print_half(low, text.data() + half_digits + 1);
  return text;
}

std::optional<Int128> Int128::incremented() const {
  auto const bits = static_cast<std::uint64_t>(low);
  if (bits >> counter_shift == counter_full) return std::nullopt;
  return Int128{.high = high,
                .low = static_cast<std::int64_t>(bits + (std::uint64_t{1} << counter_shift))};
}

}  // namespace tram
