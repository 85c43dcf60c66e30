#include "tram/cdc/relay_held_store.hpp"

#include <chrono>
#include <functional>
#include <utility>

#include "tram/sql/dialect.hpp"

namespace tram {
namespace {

/// The relay's loop stands still meanwhile, so not for long: it tries again by itself.
TransactOptions quickly(Access access = Access::read_write) {
  return {.access = access, .timeout = std::chrono::seconds{5}};
}

std::uint64_t fnv1a(std::string_view text, std::uint64_t hash) {
  for (char const each : text) {
    hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3U;
  }
  return (hash ^ 0x100U) * 0x100000001b3U;
}

/// What makes a row the same row when it comes again.
std::string identity(OutboxRow const& row) {
  if (!row.id.empty()) return row.id;
  if (row.database_id) return "dbid:" + std::to_string(*row.database_id);
  auto hash = fnv1a(row.destination, 0xcbf29ce484222325U);
  hash = fnv1a(row.headers.value_or(""), hash);
  return "content:" + std::to_string(fnv1a(row.payload.value_or(""), hash));
}

Parameter text_or_null(std::optional<std::string> const& text) {
  return text ? Parameter{*text} : Parameter{nullptr};
}

}  // namespace

RelayHeldStore::RelayHeldStore(Database& database, SchemaName const& schema, std::string relay)
    : database_{database},
      table_{schema_in(database.dialect(), schema).qualify("tram_relay_held")},
      relay_{std::move(relay)} {}

void RelayHeldStore::store(std::span<HeldRow const> rows) {
  auto const insert = insert_or_ignore(
      database_.dialect(),
      "INTO " + table_ +
          " (relay, row_id, database_id, destination, message_key, headers, payload, reason, "
          "held_at, retry_requested) VALUES (?, ?, ?, ?, ?, ?, ?, ?, " +
          std::string{database_.dialect().now_milliseconds} + ", 0)");
  database_.transact(quickly(), [&](Transaction& tx) {
    for (auto const& [row, key, reason] : rows) {
      tx.execute(insert, relay_, identity(row), row.database_id, row.destination, text_or_null(key),
                 text_or_null(row.headers), text_or_null(row.payload), reason);
    }
  });
}

HeldSummary RelayHeldStore::summary() {
  return database_.transact(quickly(Access::read_only), [&](Transaction& tx) {
    HeldSummary summary;
    auto const counted = tx.execute("SELECT count(*) FROM " + table_ + " WHERE relay = ?", relay_);
    summary.rows = counted[0].get<std::size_t>(0);
    if (summary.rows == 0) return summary;
    auto const keys = tx.execute("SELECT DISTINCT destination, message_key FROM " + table_ +
                                     " WHERE relay = ? AND message_key IS NOT NULL",
                                 relay_);
    for (auto const key : keys) {
      summary.keys.emplace(key.get<std::string>(0), key.get<std::string>(1));
    }
    return summary;
  });
}

std::vector<StoredHeldRow> RelayHeldStore::replayable(std::size_t rows_max, ReplayOrder order) {
  std::string sql = "SELECT id, row_id, database_id, destination, headers, payload FROM " + table_ +
                    " held WHERE relay = ? AND (retry_requested <> 0 OR reason = ?)";
  if (order == ReplayOrder::by_key) {
    sql += " AND (message_key IS NULL OR NOT EXISTS (SELECT 1 FROM " + table_ +
           " earlier WHERE earlier.relay = held.relay AND earlier.destination = held.destination "
           "AND earlier.message_key = held.message_key AND earlier.id < held.id))";
  }
  sql += " ORDER BY id LIMIT ?";
  return database_.transact(quickly(Access::read_only), [&](Transaction& tx) {
    std::vector<StoredHeldRow> stored;
    for (auto const row :
         tx.execute(sql, relay_, held_behind, static_cast<std::int64_t>(rows_max))) {
      stored.push_back({.id = row.get<std::int64_t>(0),
                        .row = {.id = row.get<std::string>(1),
                                .database_id = row.get<std::optional<std::int64_t>>(2),
                                .destination = row.get<std::string>(3),
                                .headers = row.get<std::optional<std::string>>(4),
                                .payload = row.get<std::optional<std::string>>(5),
                                .ends_at = std::nullopt}});
    }
    return stored;
  });
}

void RelayHeldStore::settle(ReplayOutcome const& outcome) {
  database_.transact(quickly(), [&](Transaction& tx) {
    for (auto const id : outcome.published) {
      tx.execute("DELETE FROM " + table_ + " WHERE id = ?", id);
    }
    for (auto const& [id, reason] : outcome.refused) {
      tx.execute("UPDATE " + table_ + " SET reason = ?, retry_requested = 0 WHERE id = ?", reason,
                 id);
    }
  });
}

}  // namespace tram
