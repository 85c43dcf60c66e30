#pragma once

#include <cstdint>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// The 32-bit murmur2 hash with the seed that Kafka's Java client uses.
std::int32_t murmur2(std::string_view bytes);

/// The partition to which Kafka's Java client sends a record with this key. No partitions at all:
/// rejected.
std::int32_t kafka_partition(std::string_view key, std::int32_t partitions);

}  // namespace tram

#pragma GCC visibility pop
