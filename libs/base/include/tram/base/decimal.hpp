#pragma once

#include <compare>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// A decimal number as people write it: exact, with its scale (`1.50` stays `1.50`), never in
/// exponent form. For amounts of money and whatever else must not become a double.
///
///     auto const price = tram::Decimal::parse("1.50");
///     price.text();  // "1.50", not "1.5"
class Decimal {
 public:
  static constexpr std::size_t digits_max = 1000;

  /// Zero.
  Decimal() = default;

  /// Reads `12`, `-0.50`, `1E+5` (which becomes `100000`) and throws `Fault::malformed` for
  /// everything else, or where the plain form would have more than `digits_max` digits.
  static Decimal parse(std::string_view text);

  /// The plain form: an optional minus, digits, and digits behind a point if the scale is positive.
  [[nodiscard]] std::string const& text() const noexcept { return text_; }

  /// Compare by value: `1.5` and `1.50` are equal, though their texts differ.
  friend bool operator==(Decimal const& left, Decimal const& right) {
    return (left <=> right) == 0;
  }
  friend std::strong_ordering operator<=>(Decimal const& left, Decimal const& right);

 private:
  explicit Decimal(std::string text) : text_{std::move(text)} {}
  std::string text_ = "0";
};

}  // namespace tram

#pragma GCC visibility pop
