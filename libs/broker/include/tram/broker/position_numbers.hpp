#pragma once

#include <cstdint>

#include "tram/broker/position.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// What a driver keeps in a position. For drivers, for tests, and for what stores positions in
/// columns that are numbers; nobody else includes this.
///
///     auto const position = tram::position_of({.first = message.offset});
///     auto const offset = tram::numbers_of(position).first;
struct PositionNumbers {
  /// Kafka's offset, RabbitMQ's delivery tag, the milliseconds of Redis.
  std::int64_t first{};
  /// The second number of brokers that count in two; otherwise 0.
  std::uint64_t second{};
};

/// Ordered by the first number, then by the second.
constexpr Position position_of(PositionNumbers const& numbers) {
  return {numbers.first, numbers.second};
}
constexpr PositionNumbers numbers_of(Position const& position) {
  return {.first = position.first_, .second = position.second_};
}

}  // namespace tram

#pragma GCC visibility pop
