#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

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

}  // namespace tram
