#pragma once

#include <cstddef>
#include <cstdint>

#include "tram/base/detail/function.hpp"
#include "tram/base/distinct_number.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Numbers the records of one producer, ascending, chosen by the caller. The producer compares them
/// and returns them; only their maker counts.
///
///     Sequence last;
///     while (producer.submit(record, ++last)) {}
class Sequence final : public DistinctNumber<Sequence> {
 public:
  using DistinctNumber::DistinctNumber;
  /// The next one.
  constexpr Sequence& operator++() { return *this = Sequence{number() + 1}; }
  /// The one that comes `count` later.
  friend constexpr Sequence operator+(Sequence from, std::uint64_t count) {
    return Sequence{from.number() + count};
  }
  /// How many were counted from `first` on; not below it.
  friend constexpr std::uint64_t operator-(Sequence later, Sequence first) {
    return later.number() - first.number();
  }
};

}  // namespace tram

template <>
struct std::hash<tram::Sequence> {
  std::size_t operator()(tram::Sequence sequence) const noexcept {
    return std::hash<std::uint64_t>{}(sequence.number());
  }
};

#pragma GCC visibility pop
