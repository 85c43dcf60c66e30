#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

class Random;

/// A universally unique identifier of any version (RFC 9562).
///
///     auto const id = tram::Uuid::parse("0b9c0b9c-8f6e-4bb4-a2ab-0fbc0c1d2e3f");
///     tx.execute("INSERT INTO orders (id) VALUES (?)", id);
struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  /// Version 4, from `random`.
  static Uuid make(Random& random);
  /// Reads the form with hyphens, in upper or lower case. Throws: malformed for anything else.
  static Uuid parse(std::string_view text);
  /// Lower case with hyphens, 36 characters.
  [[nodiscard]] std::string text() const;

  friend auto operator<=>(Uuid const&, Uuid const&) = default;
};

}  // namespace tram

#pragma GCC visibility pop
