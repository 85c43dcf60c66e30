#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tram/sql/dialect.hpp"
#include "tram/sql/statement_executor.hpp"
#include "tram/storage/held_cause_column.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// A row that a relay holds, as an operator sees it.
struct HeldRowEntry {
  std::int64_t number{};
  std::string relay;
  /// The message's id; for a row without one what else tells it from others.
  std::string row_id;
  std::string destination;
  std::optional<std::string> key;
  std::optional<std::string> headers;
  std::optional<std::string> payload;
  std::string reason;
  HeldCause cause{};
  /// Epoch milliseconds, by the database's clock.
  std::int64_t held_at{};
  bool retry_requested{};
};

/// Narrows a listing; empty means all.
struct HeldRowFilter {
  std::string relay{};
  std::string destination{};
  std::string key{};
  std::string row_id{};
};

/// The operator's side of `SqlHeldRowStore`. The relay reads the changes within seconds. A value;
/// callable from any thread. Every call throws the errors of the driver.
///
///     tram::HeldRowAdmin const held{database.dialect(), schema};
///     database.transact([&](tram::Transaction& tx) { held.request_retry(tx, {.row_id = id}); });
class HeldRowAdmin final {
 public:
  HeldRowAdmin(Dialect const& dialect, SchemaName const& schema);

  /// Oldest first.
  [[nodiscard]] std::vector<HeldRowEntry> rows(StatementExecutor& tx, HeldRowFilter const& filter,
                                               std::size_t max) const;
  /// All that `rows` would give.
  [[nodiscard]] std::size_t count(StatementExecutor& tx, HeldRowFilter const& filter) const;
  /// Asks for the rows to be published again, each after the earlier ones of its key, of which the
  /// first is asked for, too; how many.
  std::size_t request_retry(StatementExecutor& tx, HeldRowFilter const& filter) const;
  /// Removes the rows for good: their messages are never published. How many they were.
  std::size_t drop(StatementExecutor& tx, HeldRowFilter const& filter) const;

 private:
  std::string table_;
  HeldCauseColumn cause_;
};

}  // namespace tram

#pragma GCC visibility pop
