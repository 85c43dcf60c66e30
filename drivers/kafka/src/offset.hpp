#pragma once

#include <cstdint>

#include "tram/broker/position_numbers.hpp"

namespace tram::kafka {

/// Kafka's number of a record in its partition, which librdkafka, the coordinator and Kafka's tools
/// use. It has gaps where records were compacted. Everybody else knows it as a `Position`.
using Offset = std::int64_t;

constexpr Position position_at(Offset offset) { return position_of({.first = offset}); }
constexpr Offset offset_of(Position const& position) { return numbers_of(position).first; }

}  // namespace tram::kafka
