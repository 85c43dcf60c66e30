#pragma once

#include <string>

#include "tram/base/detail/chrono.hpp"
#include "tram/cdc/outbox_retention.hpp"
#include "tram/sql/schema.hpp"

namespace tram {

class Database;

/// Retention for an outbox whose rows carry their position in column `seq`, as on SQLite.
///
/// Rows are removed oldest first, a thousand at a time. Only the oldest thousand are looked at, so
/// the time it takes does not grow with the table. A row without a creation time counts as old.
class NumberedOutboxRetention final : public OutboxRetention {
 public:
  /// Rows live for `age` after they were written, by the database's clock. `database` must outlive
  /// this.
  NumberedOutboxRetention(Database& database, SchemaName const& schema,
                          std::chrono::milliseconds age, std::string const& table = "message");

  std::size_t remove_some(LogPosition confirmed) override;

 private:
  Database& database_;
  std::chrono::milliseconds age_;
  std::string statement_;
};

}  // namespace tram
