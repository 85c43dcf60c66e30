#include "java_number.hpp"

#include <charconv>

#include "java_double.hpp"

namespace tram {

std::optional<std::string> java_number(std::string_view number) {
  if (number == "-0") return "0";
  if (number.find_first_of(".eE") == std::string_view::npos) return std::string{number};
  double value = 0;
  auto const* const end = number.data() + number.size();
  auto const [parsed, problem] = std::from_chars(number.data(), end, value);
  if (problem != std::errc{} || parsed != end) return std::nullopt;
  return to_java_text(value);
}

}  // namespace tram
