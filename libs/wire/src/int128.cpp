#include "tram/wire/int128.hpp"

#include <charconv>

#include "excerpt.hpp"
#include "tram/base/error.hpp"

namespace tram {
namespace {

constexpr int counter_shift = 48;
constexpr std::uint64_t counter_full = 0xffff;
constexpr std::size_t half_digits = 16;

std::optional<std::int64_t> parse_half(std::string_view digits) {
  std::uint64_t value = 0;
  auto const [end, problem] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (problem != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

void print_half(std::int64_t half, char* out) {
  auto bits = static_cast<std::uint64_t>(half);
  for (std::size_t at = half_digits; at-- > 0; bits >>= 4U)
    out[at] = "0123456789abcdef"[bits & 0xfU];
}

std::optional<Int128> parse_id(std::string_view text) {
  auto const hyphen = text.find('-');
  if (hyphen == std::string_view::npos) return std::nullopt;
  auto const high = parse_half(text.substr(0, hyphen));
  auto const low = parse_half(text.substr(hyphen + 1));
  if (!high || !low) return std::nullopt;
  return Int128{.high = *high, .low = *low};
}

std::string not_an_id(std::string_view text) {
  return excerpt(text) + " is not two hexadecimal numbers of up to 64 bits joined by '-'";
}

Int128 decode_id(json::Reader const& reader, std::string_view text) {
  if (auto const id = parse_id(text)) return *id;
  reader.fail("expected a message id; " + not_an_id(text));
}

}  // namespace

Int128 Int128::parse(std::string_view text) {
  if (auto const id = parse_id(text)) return *id;
  throw Error{Fault::malformed, "message id: " + not_an_id(text)};
}

std::string Int128::to_string() const {
  std::string text(2 * half_digits + 1, '-');
  print_half(high, text.data());
  print_half(low, text.data() + half_digits + 1);
  return text;
}

std::optional<Int128> Int128::incremented() const {
  auto const bits = static_cast<std::uint64_t>(low);
  if (bits >> counter_shift == counter_full) return std::nullopt;
  return Int128{.high = high,
                .low = static_cast<std::int64_t>(bits + (std::uint64_t{1} << counter_shift))};
}

void JsonCodec<Int128>::encode(json::Writer& writer, Int128 const& id) {
  writer.string(id.to_string());
}

Int128 JsonCodec<Int128>::decode(json::Reader& reader) {
  return decode_id(reader, reader.string());
}

void JsonCodec<std::optional<Int128>>::encode(json::Writer& writer,
                                              std::optional<Int128> const& id) {
  if (id) return writer.string(id->to_string());
  writer.null();
}

std::optional<Int128> JsonCodec<std::optional<Int128>>::decode(json::Reader& reader) {
  if (reader.null()) return std::nullopt;
  auto const text = reader.string();
  if (text.empty()) return std::nullopt;
  return decode_id(reader, text);
}

}  // namespace tram
