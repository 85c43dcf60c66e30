#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tram/base/detail/function.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// In tram/broker/position_numbers.hpp.
struct PositionNumbers;

/// The place of a record in its partition. Only the broker's driver knows what is in it, since
/// brokers count differently; all others compare it, pass it on, or print it. Positions of one
/// partition are in the order of its records. Those of two partitions say nothing of each other. A
/// value of two words, that no number converts to, and that converts to none.
///
///     if (delivery.position > last) last = delivery.position;
///     consumer.acknowledge(delivery.source, last);
class Position final {
 public:
  /// Before every record, or at the first one; for members that are set later.
  constexpr Position() = default;
  friend constexpr auto operator<=>(Position const&, Position const&) = default;

 private:
  constexpr Position(std::int64_t first, std::uint64_t second) : first_{first}, second_{second} {}
  friend constexpr Position position_of(PositionNumbers const& numbers);
  friend constexpr PositionNumbers numbers_of(Position const& position);
  friend struct std::hash<Position>;

  std::int64_t first_{};
  std::uint64_t second_{};
};

/// For logs and people, as the broker's own tools show it: `17`; for brokers that count in two
/// numbers `1732990000123-4`.
std::string to_string(Position const& position);

}  // namespace tram

template <>
struct std::hash<tram::Position> {
  std::size_t operator()(tram::Position const& position) const noexcept {
    return std::hash<std::int64_t>{}(position.first_) * 31U +
           std::hash<std::uint64_t>{}(position.second_);
  }
};

#pragma GCC visibility pop
