#pragma once

#include <string>
#include <string_view>

#include "tram/base/base64.hpp"
#include "tram/wire/storable_text.hpp"

namespace tram {

/// A name from outside as every database takes it: as it is, or in Base64. Ids and keys come from
/// other programs; one that cannot be written down must not stop those behind it. Borrows the text.
class Storable {
 public:
  explicit Storable(std::string_view text) : text_{text} {
    if (find_unstorable(text) != std::string_view::npos) encoded_ = "base64:" + to_base64(text);
  }
  [[nodiscard]] std::string_view view() const { return encoded_.empty() ? text_ : encoded_; }

 private:
  std::string_view text_;
  std::string encoded_;
};

/// A text for people as every database takes it: `\xFF` for a byte that is no text, and the rest as
/// it is.
inline std::string escaped(std::string_view text) {
  constexpr std::string_view digits{"0123456789ABCDEF"};
  std::string result;
  while (!text.empty()) {
    auto const good = text.substr(0, find_unstorable(text));
    result += good;
    text.remove_prefix(good.size());
    if (text.empty()) break;
    auto const byte = static_cast<unsigned char>(text.front());
    result.append("\\x").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
    text.remove_prefix(1);
  }
  return result;
}

}  // namespace tram
