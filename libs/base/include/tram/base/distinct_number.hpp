#pragma once

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <string>

#pragma GCC visibility push(default)

namespace tram {

/// The base of numbers that mean one thing: none converts to another one, nor from or to an integer
/// without a word. They are compared and printed. What else a type may do, it says itself: a place
/// in a log is not added up. As fast as the integer, and as large.
///
///     class RowNumber final : public DistinctNumber<RowNumber> {
///      public:
///       using DistinctNumber::DistinctNumber;
///     };
///     RowNumber const first{1};
///     tx.execute("DELETE FROM rows WHERE number <= ?", first.number());
template <class Self>
class DistinctNumber {
 public:
  /// 0.
  constexpr DistinctNumber() = default;                                         // NOLINT: inherited
  constexpr explicit DistinctNumber(std::uint64_t number) : number_{number} {}  // NOLINT: too
  /// For what stores, sends or computes with it.
  [[nodiscard]] constexpr std::uint64_t number() const { return number_; }

  friend constexpr bool operator==(DistinctNumber const&, DistinctNumber const&) = default;
  friend constexpr auto operator<=>(DistinctNumber const&, DistinctNumber const&) = default;
  friend std::string to_string(Self const& self) { return std::to_string(self.number()); }
  template <class Traits>
  friend auto& operator<<(std::basic_ostream<char, Traits>& out, Self const& self) {
    return out << self.number();
  }

 private:
  std::uint64_t number_{};
};

}  // namespace tram

#pragma GCC visibility pop
