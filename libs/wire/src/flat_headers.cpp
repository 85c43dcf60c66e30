#include "flat_headers.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

#include "tram/wire/header_names.hpp"
#include "utf8.hpp"

namespace tram {
namespace {

constexpr std::size_t names_max = 32;

constexpr std::uint64_t in_every_byte(unsigned char value) { return 0x0101010101010101ULL * value; }

/// The high bit of each byte that is zero. A byte above one that is zero may be marked too, none
/// below.
std::uint64_t zero_bytes(std::uint64_t eight) {
  return (eight - in_every_byte(1)) & ~eight & in_every_byte(0x80);
}

/// The high bit of each byte that ends a run of plain text; above the lowest mark others may be
/// wrong.
std::uint64_t special_bytes(std::uint64_t eight) {
  auto const control = (eight - in_every_byte(0x20)) & ~eight;
  auto const quote = zero_bytes(eight ^ in_every_byte('"'));
  auto const backslash = zero_bytes(eight ^ in_every_byte('\\'));
  return (control | quote | backslash | eight) & in_every_byte(0x80);
}

bool special(char c) {
  auto const byte = static_cast<unsigned char>(c);
  return byte < 0x20U || byte >= 0x80U || c == '"' || c == '\\';
}

/// How many bytes at the front are plain: no quote, no backslash, no control character, ASCII.
std::size_t plain_size(std::string_view text) {
  std::size_t at = 0;
  if constexpr (std::endian::native == std::endian::little) {
    for (std::uint64_t eight = 0; text.size() - at >= sizeof eight; at += sizeof eight) {
      std::memcpy(&eight, text.data() + at, sizeof eight);
      auto const marks = special_bytes(eight);
      if (marks != 0) return at + static_cast<std::size_t>(std::countr_zero(marks)) / 8;
    }
  }
  while (at < text.size() && !special(text[at])) ++at;
  return at;
}

bool upper_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); }

/// The size of the escape at the front if Java writes this character so; 0 otherwise.
std::size_t java_escape_size(std::string_view text) {
  constexpr std::string_view short_forms{"\"\\btnfr"};
  constexpr std::string_view have_short_forms{"89ACD"};
  constexpr std::size_t long_size = 6;
  if (text.size() >= 2 && short_forms.find(text[1]) != std::string_view::npos) return 2;
  if (text.size() < long_size || !text.starts_with("\\u00")) return 0;
  bool const has_short_form =
      text[4] == '0' && have_short_forms.find(text[5]) != std::string_view::npos;
  bool const control = (text[4] == '0' || text[4] == '1') && upper_hex(text[5]);
  return control && !has_short_form ? long_size : 0;
}

struct StringToken {
  std::string_view raw;
  bool escaped{false};
};

class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_{text} {}

  bool take(char expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// What stands between the quotes; nothing when it is no string or not as Java writes it.
  std::optional<StringToken> string() {
    if (!take('"')) return std::nullopt;
    StringToken token;
    std::size_t at = 0;
    while (true) {
      at += plain_size(rest_.substr(at));
      if (at == rest_.size()) return std::nullopt;
      if (rest_[at] == '"') break;
      bool const escape = rest_[at] == '\\';
      auto const size =
          escape ? java_escape_size(rest_.substr(at)) : character_size(rest_.substr(at));
      if (size == 0) return std::nullopt;
      token.escaped = token.escaped || escape;
      at += size;
    }
    token.raw = rest_.substr(0, at);
    rest_.remove_prefix(at + 1);
    return token;
  }

  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  static std::size_t character_size(std::string_view text) {
    return static_cast<unsigned char>(text.front()) < 0x20U ? 0 : utf8::front(text).size;
  }

  std::string_view rest_;
};

/// The names seen so far; a repeated one needs the slow path, and so do more than fit. Java writes
/// a name in one way only, so names are equal just when their raw texts are.
class Names {
 public:
  bool add(std::string_view name) {
    auto const known = std::span{names_}.first(count_);
    if (count_ == names_max || std::ranges::find(known, name) != known.end()) return false;
    names_.at(count_++) = name;
    return true;
  }

 private:
  std::array<std::string_view, names_max> names_{};
  std::size_t count_{0};
};

/// Takes one `"name":"value"`; false when it is not flat.
bool take_member(Cursor& cursor, Names& names, FlatHeaders& headers) {
  auto const name = cursor.string();
  if (!name || !names.add(name->raw) || !cursor.take(':')) return false;
  auto const value = cursor.string();
  if (!value) return false;
  headers.empty = false;
  bool const is_id = name->raw == header::id;
  bool const is_partition_id = name->raw == header::partition_id;
  if (is_id) headers.id = value->raw;
  if (is_partition_id) headers.partition_id = value->raw;
  return !(value->escaped && (is_id || is_partition_id));
}

}  // namespace

std::optional<FlatHeaders> scan_flat_headers(std::string_view text) {
  Cursor cursor{text};
  FlatHeaders headers;
  if (!cursor.take('{')) return std::nullopt;
  if (cursor.take('}')) return cursor.at_end() ? std::optional{headers} : std::nullopt;
  Names names;
  do {
    if (!take_member(cursor, names, headers)) return std::nullopt;
  } while (cursor.take(','));
  if (!cursor.take('}') || !cursor.at_end()) return std::nullopt;
  return headers;
}

}  // namespace tram
