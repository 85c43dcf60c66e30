#include "tram/relay/numbered_outbox_retention.hpp"

#include <algorithm>
#include <utility>

#include "tram/base/clock.hpp"
#include "tram/relay/numbered_position.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/sql/transaction.hpp"

namespace tram {
namespace {

std::string name_of(Database const& database, SchemaName const& schema, std::string const& table) {
  return schema_in(database.dialect(), schema).qualify(table);
}

}  // namespace

NumberedOutboxRetention::NumberedOutboxRetention(Database& database, SchemaName const& schema,
                                                 std::chrono::milliseconds age,
                                                 std::string const& table, std::string position)
    : database_{database},
      age_{age},
      position_{std::move(position)},
      rows_{name_of(database, schema, table), "seq", "coalesce(creation_time, 0)"},
      now_{"SELECT " + std::string{database.dialect().now_milliseconds}} {
  auto const positions = name_of(database, schema, "tram_relay_position");
  proof_ = "SELECT stored.position FROM " + positions + " AS stored JOIN " +
           name_of(database, schema, table) + " ON seq = stored.position JOIN " + positions +
           " AS mark ON mark.relay = ? || " + row_mark_expression() + " WHERE stored.relay = ?";
}

std::size_t NumberedOutboxRetention::remove_some(LogPosition confirmed) {
  TransactOptions const quickly{.timeout = std::chrono::seconds{5}, .attempts_max = 3};
  return database_.transact(quickly, [&](Transaction& tx) -> std::size_t {
    auto const position = proven(tx);
    auto const now = tx.execute(now_)[0].get<std::int64_t>(0);
    auto const ahead =
        steps_.ahead(std::chrono::milliseconds{now}, database_.clock().steady(), age_);
    if (!position) return 0;
    // The row at the position stays: without it nothing would tell this table from another one.
    auto const last = std::min(static_cast<std::int64_t>(confirmed.number()), *position - 1);
    return rows_.remove_some(tx, last, now - (age_ + ahead).count(), now);
  });
}

/// Up to where the database says that all is published.
std::optional<std::int64_t> NumberedOutboxRetention::proven(StatementExecutor& tx) const {
  auto const rows = tx.execute(proof_, position_ + std::string{row_mark_infix}, position_);
  if (rows.empty()) return std::nullopt;
  return rows[0].get<std::int64_t>(0);
}

}  // namespace tram
