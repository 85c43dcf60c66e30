#pragma once

#include <cstdint>

#include "tram/broker/position_numbers.hpp"

namespace tram::embedded {

/// Counts the records of a partition from 0, without gaps. What this broker stores and computes
/// with; everybody else knows it as a `Position`.
using Offset = std::int64_t;

constexpr Position position_at(Offset offset) { return position_of({.first = offset}); }
constexpr Offset offset_of(Position const& position) { return numbers_of(position).first; }

}  // namespace tram::embedded
