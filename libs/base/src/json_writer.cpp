#include "tram/base/json_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

namespace tram::json {
namespace {

template <class Integer>
void append_integer(std::string& out, Integer value) {
  std::array<char, 20> digits{};
  auto const end = std::to_chars(digits.begin(), digits.end(), value).ptr;
  out.append(digits.begin(), end);
}

template <class Float>
std::string shortest(Float value, std::chars_format format) {
  std::array<char, 64> text{};
  auto const end = std::to_chars(text.begin(), text.end(), value, format).ptr;
  return std::string{text.begin(), end};
}

std::string with_fraction(std::string digits) {
  return digits.find('.') == std::string::npos ? digits.append(".0") : digits;
}

// `1.5e+10` becomes `1.5E10`, `1e-04` becomes `1.0E-4`.
std::string java_exponent(std::string const& text) {
  auto const mark = text.find('e');
  auto const digits = text.find_first_not_of("+-0", mark + 1);
  return with_fraction(text.substr(0, mark)) + (text[mark + 1] == '-' ? "E-" : "E") +
         text.substr(digits);
}

// Plain from 0.001 up to ten millions, otherwise with an exponent.
template <class Float>
std::string as_java(Float value) {
  auto const size = std::abs(value);
  if (size == 0 || (size >= static_cast<Float>(1e-3) && size < static_cast<Float>(1e7))) {
    return with_fraction(shortest(value, std::chars_format::fixed));
  }
  return java_exponent(shortest(value, std::chars_format::scientific));
}

template <class Float>
void append_floating_point(std::string& out, Float value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value < 0 ? "\"-Infinity\"" : "\"Infinity\"";
  } else {
    out += as_java(value);
  }
}

}  // namespace

void Writer::signed_integer(std::int64_t value) { append_integer(out_, value); }
void Writer::unsigned_integer(std::uint64_t value) { append_integer(out_, value); }
void Writer::floating_point(double value) { append_floating_point(out_, value); }
void Writer::floating_point(float value) { append_floating_point(out_, value); }

}  // namespace tram::json
