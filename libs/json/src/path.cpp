#include "path.hpp"

#include <algorithm>

#include "tram/base/json_text.hpp"

namespace tram::json {
namespace {

constexpr std::size_t shown_size_max = 64;

bool is_digit(char character) { return character >= '0' && character <= '9'; }

char const* skip_digits(char const* first, char const* last) {
  while (first != last && is_digit(*first)) ++first;
  return first;
}

// The digits from `first` on, at least one: where they end; null when there is none.
char const* some_digits(char const* first, char const* last) {
  auto const* const end = skip_digits(first, last);
  return end == first ? nullptr : end;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= shown_size_max &&
         std::all_of(name.begin(), name.end(), [](char character) {
           return is_digit(character) || (character >= 'a' && character <= 'z') ||
                  (character >= 'A' && character <= 'Z') || character == '_' || character == '-';
         });
}

bool continues_a_character(char character) {
  return (static_cast<unsigned char>(character) & 0xC0U) == 0x80U;
}

}  // namespace

bool is_number(std::string_view text) {
  auto const* at = text.data();
  auto const* const last = at + text.size();
  if (at != last && *at == '-') ++at;
  auto const starts_with_zero = at != last && *at == '0';
  auto const* const whole = at;
  if ((at = some_digits(at, last)) == nullptr || (starts_with_zero && at - whole > 1)) return false;
  if (at != last && *at == '.' && (at = some_digits(at + 1, last)) == nullptr) return false;
  if (at != last && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != last && (*at == '+' || *at == '-')) ++at;
    if ((at = some_digits(at, last)) == nullptr) return false;
  }
  return at == last;
}

std::string beginning(std::string_view text) {
  auto size = std::min(text.size(), shown_size_max);
  while (size > 0 && size < text.size() && continues_a_character(text[size])) --size;
  std::string shown;
  append_escaped(shown, text.substr(0, size));
  return size < text.size() ? shown + "…" : shown;
}

void append_name(std::string& path, std::string_view name) {
  if (is_plain_name(name)) path.append(".").append(name);
  else path.append("[\"").append(beginning(name)).append("\"]");
}

void append_index(std::string& path, std::size_t index) {
  path.append("[").append(std::to_string(index)).append("]");
}

}  // namespace tram::json
