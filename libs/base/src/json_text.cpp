#include "tram/base/json_text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace tram::json {
namespace {

constexpr std::uint64_t every_byte(std::uint8_t value) { return 0x0101010101010101ULL * value; }
constexpr auto high_bits = every_byte(0x80);

// High bits mark the bytes below `bound` (at most 0x80). A borrow can mark further bytes above a
// real hit, never one below it, so the lowest mark is always exact.
constexpr std::uint64_t bytes_below(std::uint64_t word, std::uint8_t bound) {
  return (word - every_byte(bound)) & ~word & high_bits;
}

// Marks in eight bytes whatever is not printable ASCII or is a quote or backslash.
std::uint64_t unclean_bytes(char const* text) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, sizeof word);
  return (word & high_bits) | bytes_below(word, 0x20) | bytes_below(word ^ every_byte('"'), 1) |
         bytes_below(word ^ every_byte('\\'), 1);
}

bool needs_care(char character) {
  auto const byte = static_cast<unsigned char>(character);
  return byte < 0x20 || byte >= 0x80 || byte == '"' || byte == '\\';
}

char const* skip_clean(char const* text, char const* end) {
  if constexpr (std::endian::native == std::endian::little) {
    bool const has_eight = end - text >= 8;
    for (; end - text >= 8; text += 8) {
      if (auto const unclean = unclean_bytes(text)) return text + std::countr_zero(unclean) / 8;
    }
    // What is left, together with bytes that were looked at before.
    if (has_eight && unclean_bytes(end - 8) == 0) return end;
  }
  while (text != end && !needs_care(*text)) ++text;
  return text;
}

struct Sequence {
  std::size_t length;
  bool valid;
};

bool is_continuation(char const* text, char const* end) {
  return text != end && (static_cast<unsigned char>(*text) & 0xC0U) == 0x80U;
}

// The code point in `length` bytes; 0 when a continuation byte is missing.
std::uint32_t code_point(char const* text, char const* end, std::size_t length) {
  auto value = static_cast<std::uint32_t>(static_cast<unsigned char>(*text)) & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text + i, end)) return 0;
    value = value << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  return value;
}

std::size_t announced_length(unsigned char first) {
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

// A surrogate takes its three bytes with it, as one unpaired surrogate of Java does; any other
// fault costs one byte, so that a broken character never swallows the next one.
Sequence utf8_sequence(char const* text, char const* end) {
  auto const length = announced_length(static_cast<unsigned char>(*text));
  if (length == 0) return {1, false};
  auto const point = code_point(text, end, length);
  if (point >= 0xD800 && point <= 0xDFFF) return {3, false};
  constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
  auto const valid = point >= smallest.at(length) && point <= 0x10FFFF;
  return {valid ? length : 1, valid};
}

void append_control(std::string& out, unsigned char byte) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  out += "\\u00";
  out += digits[byte >> 4U];
  out += digits[byte & 0x0FU];
}

void append_ascii(std::string& out, char character) {
  switch (character) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\b': out += "\\b"; return;
    case '\t': out += "\\t"; return;
    case '\n': out += "\\n"; return;
    case '\f': out += "\\f"; return;
    case '\r': out += "\\r"; return;
    default: append_control(out, static_cast<unsigned char>(character));
  }
}

enum class OnBadText : std::uint8_t { replace, stop };

// Where it stopped; `npos` when it did not.
std::size_t append(std::string& out, std::string_view text, OnBadText on_bad_text) {
  auto const* position = text.data();
  auto const* const end = position + text.size();
  auto const* run = position;  // everything from here to `position` is copied as it is
  while ((position = skip_clean(position, end)) != end) {
    auto const is_ascii = static_cast<unsigned char>(*position) < 0x80;
    auto const sequence = is_ascii ? Sequence{1, false} : utf8_sequence(position, end);
    if (!sequence.valid) {
      out.append(run, position);
      if (is_ascii) append_ascii(out, *position);
      else if (on_bad_text == OnBadText::stop)
        return static_cast<std::size_t>(position - text.data());
      else out += '?';
      run = position + sequence.length;
    }
    position += sequence.length;
  }
  out.append(run, end);
  return std::string_view::npos;
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
  append(out, text, OnBadText::replace);
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

std::size_t append_utf8_string(std::string& out, std::string_view text) {
  out += '"';
  auto const bad = append(out, text, OnBadText::stop);
  if (bad == std::string_view::npos) out += '"';
  return bad;
}

}  // namespace tram::json
