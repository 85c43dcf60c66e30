#include "tram/wire/name_text.hpp"

#include <algorithm>

#include "utf8.hpp"

namespace tram {
namespace {

bool is_control(char character) {
  return static_cast<unsigned char>(character) < 0x20 || character == 0x7f;
}

std::string at_byte(std::size_t at) { return " at byte " + std::to_string(at + 1); }

}  // namespace

std::string problem_of_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > name_size_max) {
    return "has " + std::to_string(name.size()) + " bytes, more than the " +
           std::to_string(name_size_max) + " of a name";
  }
  auto const control =
      static_cast<std::size_t>(std::ranges::find_if(name, is_control) - name.begin());
  auto const no_utf8 = utf8::find_invalid(name);
  if (no_utf8 < control) return "is no UTF-8" + at_byte(no_utf8);
  if (control == name.size()) return {};
  return (name[control] == '\0' ? "holds a NUL" : "holds a control character") + at_byte(control);
}

}  // namespace tram
