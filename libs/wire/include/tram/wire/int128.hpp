#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tram/json/codec.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// A message id: 128 bits that sort by the time they were made, as
/// `00000153812efe94-0242ac1100800000`.
///
/// Both halves are signed and compare so, the high one first. A value; nothing here waits.
struct Int128 {
  std::int64_t high{};
  std::int64_t low{};

  /// Two hexadecimal numbers of up to 64 bits, joined by a hyphen; short ones are fine. Anything
  /// else: malformed.
  static Int128 parse(std::string_view text);

  /// Twice sixteen lower-case digits, two's complement: 33 characters.
  [[nodiscard]] std::string to_string() const;
  /// The next id of the same row and outbox: one more in the top 16 bits of `low`, which count from
  /// 0. Nothing when they are used up.
  [[nodiscard]] std::optional<Int128> incremented() const;

  friend auto operator<=>(Int128 const&, Int128 const&) = default;
};

/// In JSON an id is a string of that form.
template <>
struct JsonCodec<Int128> {
  static void encode(json::Writer& writer, Int128 const& id);
  /// Anything else: malformed, with the path.
  static Int128 decode(json::Reader& reader);
};

/// Java peers read an empty string as no id, and so do we. Nothing is written as `null` or left
/// out.
template <>
struct JsonCodec<std::optional<Int128>> {
  static void encode(json::Writer& writer, std::optional<Int128> const& id);
  static std::optional<Int128> decode(json::Reader& reader);
};

}  // namespace tram

#pragma GCC visibility pop
