#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace tram::utf8 {

/// What a decoder puts where bytes are no UTF-8.
constexpr char32_t replacement = U'\uFFFD';

namespace detail {

constexpr std::size_t sequence_size_max = 4;

inline std::size_t announced_size(unsigned lead) {
  if (lead < 0x80U) return 1;
  if (lead >= 0xC2U && lead <= 0xDFU) return 2;
  if (lead >= 0xE0U && lead <= 0xEFU) return 3;
  if (lead >= 0xF0U && lead <= 0xF4U) return 4;
  return 0;
}

}  // namespace detail

/// A code point and the number of its bytes; 0 where no valid sequence begins.
struct Sequence {
  char32_t point{replacement};
  std::size_t size{0};
};

/// The sequence at the front of a text that is not empty.
inline Sequence front(std::string_view text) {
  constexpr char32_t smallest[detail::sequence_size_max + 1]{0, 0, 0x80, 0x800, 0x10000};
  unsigned const lead = static_cast<unsigned char>(text.front());
  auto const size = detail::announced_size(lead);
  if (size == 0 || size > text.size()) return {};
  if (size == 1) return {.point = lead, .size = 1};
  char32_t point = lead & (0x7FU >> size);
  for (std::size_t at = 1; at < size; ++at) {
    unsigned const next = static_cast<unsigned char>(text[at]);
    if ((next & 0xC0U) != 0x80U) return {};
    point = point << 6U | (next & 0x3FU);
  }
  bool const surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < smallest[size] || surrogate || point > 0x10FFFF) return {};
  return {.point = point, .size = size};
}

/// Takes the next code point off a text that is not empty. A byte that begins no valid sequence is
/// taken alone and counts as `replacement`.
inline char32_t take(std::string_view& text) {
  auto const sequence = front(text);
  text.remove_prefix(sequence.size == 0 ? 1 : sequence.size);
  return sequence.point;
}

/// How many UTF-16 units Java needs for the text.
inline std::size_t utf16_length(std::string_view text) {
  std::size_t units = 0;
  while (!text.empty()) units += take(text) > 0xFFFFU ? 2 : 1;
  return units;
}

namespace detail {

/// Marks the bytes of eight that are not ASCII.
inline std::uint64_t beyond_ascii(char const* eight) {
  std::uint64_t word = 0;
  std::memcpy(&word, eight, sizeof word);
  return word & 0x8080808080808080ULL;
}

/// The first place from `at` on that is not ASCII, or the end.
inline std::size_t skip_ascii(std::string_view text, std::size_t at) {
  auto const marks = [&](std::size_t from) { return beyond_ascii(text.data() + from); };
  while (text.size() - at >= 32 &&
         (marks(at) | marks(at + 8) | marks(at + 16) | marks(at + 24)) == 0) {
    at += 32;
  }
  while (text.size() - at >= 8 && marks(at) == 0) at += 8;
  bool const ends_here = text.size() - at < 8 && text.size() >= 8;
  if (ends_here && marks(text.size() - 8) == 0) return text.size();
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0x80U) == 0) ++at;
  return at;
}

}  // namespace detail

/// Where the first byte lies that belongs to no valid sequence; `npos` when all is UTF-8.
inline std::size_t find_invalid(std::string_view text) {
  for (std::size_t at = 0; (at = detail::skip_ascii(text, at)) < text.size();) {
    auto const size = front(text.substr(at)).size;
    if (size == 0) return at;
    at += size;
  }
  return std::string_view::npos;
}

}  // namespace tram::utf8
