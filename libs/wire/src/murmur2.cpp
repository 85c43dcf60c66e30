#include "tram/wire/murmur2.hpp"

#include "tram/base/error.hpp"

namespace tram {
namespace {

constexpr std::uint32_t seed = 0x9747b28cU;
constexpr std::uint32_t multiplier = 0x5bd1e995U;

/// Up to four bytes as a little-endian number.
std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t at = bytes.size(); at-- > 0;)
    value = value << 8U | static_cast<unsigned char>(bytes[at]);
  return value;
}

}  // namespace

std::int32_t murmur2(std::string_view bytes) {
  std::uint32_t hash = seed ^ static_cast<std::uint32_t>(bytes.size());
  for (; bytes.size() >= 4; bytes.remove_prefix(4)) {
    auto block = number(bytes.substr(0, 4)) * multiplier;
    block = (block ^ block >> 24U) * multiplier;
    hash = hash * multiplier ^ block;
  }
  if (!bytes.empty()) hash = (hash ^ number(bytes)) * multiplier;
  hash = (hash ^ hash >> 13U) * multiplier;
  return static_cast<std::int32_t>(hash ^ hash >> 15U);
}

std::int32_t kafka_partition(std::string_view key, std::int32_t partitions) {
  if (partitions <= 0) {
    throw Error{Fault::rejected, "kafka: a channel of " + std::to_string(partitions) +
                                     " partitions has no place for a record"};
  }
  return (murmur2(key) & 0x7fffffff) % partitions;
}

}  // namespace tram
