#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Database;

/// A row of the outbox, as an operator sees it.
struct SentRow {
  /// The message's id; where it has none, the row's number.
  std::string id;
  std::string channel;
  std::string key;
  /// Epoch milliseconds, by the database's clock.
  std::optional<std::int64_t> sent_at;
  std::int64_t bytes{};
};

/// How far a relay is that keeps its position in the database.
struct RelayPlace {
  std::string relay;
  std::int64_t position{};
  /// Rows behind it.
  std::int64_t unpublished{};
};

struct OutboxReport {
  std::int64_t rows{};
  std::optional<std::int64_t> oldest_at;
  std::optional<std::int64_t> newest_at;
  std::int64_t held_rows{};
  /// Empty where the server keeps the positions.
  std::vector<RelayPlace> relays;
};

// Both are one transaction, wait for the database and throw the errors of `Database::transact`.

/// The newest messages, newest first, `max` at most.
std::vector<SentRow> newest_sent(Database& database, SchemaName const& schema, std::size_t max);

OutboxReport outbox_report(Database& database, SchemaName const& schema);

}  // namespace tram

#pragma GCC visibility pop
