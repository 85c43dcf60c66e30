#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tram/base/clock_steps.hpp"
#include "tram/base/detail/chrono.hpp"
#include "tram/relay/outbox_retention.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/storage/aged_rows.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Database;
class StatementExecutor;

/// Retention for an outbox whose rows carry their position in column `seq`, as on SQLite.
///
/// Removes only rows that the database itself proves to be published: those before the position
/// that the relay has stored in it, while the row at that position is the one that was published.
/// That row stays, as the proof. Rows go oldest first, a thousand at a time. A row without a
/// creation time counts as old; one that was stamped by a clock that was ahead is as old as those
/// behind it. While the clock is ahead, rows are kept no shorter.
///
///     tram::NumberedOutboxRetention retention{database, schema, std::chrono::hours{48}};
///     tram::Relay relay{{*source, *broker, held, &retention, clock, random}, {}};
class NumberedOutboxRetention final : public OutboxRetention {
 public:
  /// Rows live for `age` after they were written, by the database's clock. `database` must outlive
  /// this. `position` names the position that the source stores: `ChangeSource::held_rows_name`.
  NumberedOutboxRetention(Database& database, SchemaName const& schema,
                          std::chrono::milliseconds age, std::string const& table = "message",
                          std::string position = "relay");

  std::size_t remove_some(LogPosition confirmed) override;

 private:
  [[nodiscard]] std::optional<std::int64_t> proven(StatementExecutor& tx) const;

  Database& database_;
  std::chrono::milliseconds age_;
  std::string position_;
  AgedRows rows_;
  std::string proof_;
  std::string now_;
  ClockSteps steps_;
};

}  // namespace tram

#pragma GCC visibility pop
