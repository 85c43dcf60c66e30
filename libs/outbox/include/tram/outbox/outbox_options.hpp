#pragma once

#include <cstddef>
#include <optional>

#include "tram/messaging/channel_mapping.hpp"
#include "tram/messaging/interceptor.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/wire/id_numbers.hpp"
#include "tram/wire/outbox_partitioning.hpp"

#pragma GCC visibility push(default)

namespace tram {

struct OutboxOptions {
  SchemaName schema{};
  /// Must be the numbers that all services of the database, and its relay, use.
  OutboxPartitioning partitioning{};
  /// Needed where the database makes the ids: the relay must be given the same.
  std::optional<OutboxId> outbox_id{};
  /// Larger messages are refused by `send`: headers and payload as in the record, in bytes. Kafka's
  /// own default limit leaves some room above this.
  std::size_t message_bytes_max{1'000'000};
  NameMapping channel_mapping{};
  Interceptors interceptors{};
};

}  // namespace tram

#pragma GCC visibility pop
