#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// Where a row of the outbox goes.
struct OutboxPlace {
  /// The number of the table `message<n>`; nothing for the plain table `message`.
  std::optional<std::uint32_t> table;
  /// Column `message_partition`; nothing for NULL.
  std::optional<std::uint32_t> message_partition;

  /// What follows `message` in the table's name: digits, or nothing.
  [[nodiscard]] std::string table_suffix() const {
    return table ? std::to_string(*table) : std::string{};
  }
  friend bool operator==(OutboxPlace const&, OutboxPlace const&) = default;
};

/// How rows are spread over several outbox tables and message partitions. Services that share a
/// database agree on these numbers.
struct OutboxPartitioning {
  /// Up to 1: the plain table alone.
  std::uint32_t tables{0};
  /// Up to 1: column `message_partition` stays NULL.
  std::uint32_t message_partitions{0};

  /// The place for a message to `destination` (after mapping) with header `PARTITION_ID` = `key`,
  /// as the Java framework chooses it. One hash in 2^32 gives Java a table that does not exist;
  /// here it gives a real one.
  [[nodiscard]] OutboxPlace place(std::string_view destination,
                                  std::optional<std::string_view> key) const;
};

}  // namespace tram

#pragma GCC visibility pop
