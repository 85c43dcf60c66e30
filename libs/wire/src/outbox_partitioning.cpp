#include "tram/wire/outbox_partitioning.hpp"

#include "tram/wire/java_hash.hpp"

namespace tram {
namespace {

/// `Objects.hash(destination, key)` of Java, made positive. Java leaves the smallest number
/// negative, since its absolute value does not fit; unsigned it does.
std::uint32_t place_hash(std::string_view destination, std::string_view key) {
  auto const destination_hash = static_cast<std::uint32_t>(java_hash(destination));
  auto const hash = 31U * (31U + destination_hash) + static_cast<std::uint32_t>(java_hash(key));
  return static_cast<std::int32_t>(hash) < 0 ? 0U - hash : hash;
}

std::optional<std::uint32_t> choose(std::uint32_t hash, std::uint32_t count) {
  if (count <= 1) return std::nullopt;
  return hash % count;
}

}  // namespace

OutboxPlace OutboxPartitioning::place(std::string_view destination,
                                      std::optional<std::string_view> key) const {
  if (!key || (tables <= 1 && message_partitions <= 1)) return {};
  auto const hash = place_hash(destination, *key);
  return {.table = choose(hash, tables), .message_partition = choose(hash, message_partitions)};
}

}  // namespace tram
