#include "java_number.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "java_double.hpp"

namespace tram {
namespace {

constexpr auto none = std::string_view::npos;

/// Whether a number that is out of a double's range is near zero: by the place of its first digit
/// that is no zero.
bool is_tiny(std::string_view number) {
  auto const mark = number.find_first_of("eE");
  auto const digits = number.substr(0, mark);
  auto const first = digits.find_first_of("123456789");
  if (first == none) return true;
  auto const point = std::min(digits.find('.'), digits.size());
  auto const place = static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first);
  if (mark == none) return place < 0;
  auto exponent_text = number.substr(mark + 1);
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  std::int64_t exponent = 0;
  auto const* const end = exponent_text.data() + exponent_text.size();
  auto const problem = std::from_chars(exponent_text.data(), end, exponent).ec;
  if (problem != std::errc{}) return exponent_text.starts_with('-');
  return exponent < -place;
}

}  // namespace

std::optional<std::string> java_number(std::string_view number) {
  if (number == "-0") return "0";
  if (number.find_first_of(".eE") == std::string_view::npos) return std::string{number};
  double value = 0;
  auto const* const end = number.data() + number.size();
  auto const [parsed, problem] = std::from_chars(number.data(), end, value);
  if (problem == std::errc::result_out_of_range && is_tiny(number)) {
    return number.starts_with('-') ? "-0.0" : "0.0";
  }
  if (problem != std::errc{} || parsed != end) return std::nullopt;
  return to_java_text(value);
}

}  // namespace tram
