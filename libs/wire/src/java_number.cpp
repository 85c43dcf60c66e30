#include "java_number.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace tram {
namespace {

using std::chars_format;

std::string shortest(double value, chars_format format) {
  std::array<char, 64> buffer{};
  auto const [end, problem] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format);
  return std::string{buffer.data(), problem == std::errc{} ? end : buffer.data()};
}

std::string with_fraction(std::string digits) {
  return digits.find('.') == std::string::npos ? digits.append(".0") : digits;
}

/// `1.5e+10` → `1.5E10`.
std::string java_exponent(std::string const& text) {
  auto const e = text.find('e');
  auto const digits = text.find_first_not_of("+-0", e + 1);
  return with_fraction(text.substr(0, e)) + (text[e + 1] == '-' ? "E-" : "E") + text.substr(digits);
}

/// The text of `Double.toString`.
std::string java_double(double value) {
  auto const size = std::abs(value);
  if (size == 0 || (size >= 1e-3 && size < 1e7))
    return with_fraction(shortest(value, chars_format::fixed));
  return java_exponent(shortest(value, chars_format::scientific));
}

}  // namespace

std::optional<std::string> java_number(std::string_view number) {
  if (number == "-0") return "0";
  if (number.find_first_of(".eE") == std::string_view::npos) return std::string{number};
  double value = 0;
  auto const [end, problem] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (problem != std::errc{} || end != number.data() + number.size()) return std::nullopt;
  return java_double(value);
}

}  // namespace tram
