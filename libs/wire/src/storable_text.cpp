#include "tram/wire/storable_text.hpp"

#include <algorithm>

#include "utf8.hpp"

namespace tram {

std::size_t find_no_utf8(std::string_view text) { return utf8::find_invalid(text); }

std::size_t find_unstorable(std::string_view text) {
  return std::min(text.find('\0'), utf8::find_invalid(text));
}

}  // namespace tram
