#include "tram/cdc/relay_held_store.hpp"

#include <chrono>
#include <functional>
#include <utility>

#include "tram/sql/connection.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/sql/transaction.hpp"

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
std::uint64_t fnv1a(std::optional<std::string> const& text, std::uint64_t hash) {
  return text ? fnv1a(std::string_view{*text}, hash) : (hash ^ 0x101U) * 0x100000001b3U;
}

std::string content_hash(OutboxRow const& row) {
  auto const destination = fnv1a(std::string_view{row.destination}, 0xcbf29ce484222325U);
  return std::to_string(fnv1a(row.payload, fnv1a(row.headers, destination)));
}

/// What makes a row the same row when it comes again, as far as people are told.
std::string identity(OutboxRow const& row) {
  if (!row.id.empty()) return row.id;
  if (row.database_id) return "dbid:" + std::to_string(*row.database_id);
  return "content:" + content_hash(row);
}

/// The same for a row with an id that another row has, too: nothing makes ids unique everywhere.
std::string full_identity(OutboxRow const& row) {
  if (row.id.empty()) return identity(row);
  return row.id + "#" + (row.database_id ? std::to_string(*row.database_id) + "#" : "") +
         content_hash(row);
}

Parameter text_or_null(std::optional<std::string> const& text) {
  return text ? Parameter{*text} : Parameter{nullptr};
}

bool is_same(Row const& stored, OutboxRow const& row) {
  return stored.get<std::optional<std::int64_t>>(1) == row.database_id &&
         stored.get<std::string>(2) == row.destination &&
         stored.get<std::optional<std::string>>(3) == row.headers &&
         stored.get<std::optional<std::string>>(4) == row.payload;
}

/// Under which identity the row is to be stored; nothing when it is there already.
std::optional<std::string> free_identity(Rows const& alike, OutboxRow const& row) {
  auto const full = full_identity(row);
  bool taken = false;
  for (auto const stored : alike) {
    if (stored.get<std::string>(0) == full || is_same(stored, row)) return std::nullopt;
    taken = true;
  }
  return taken ? full : identity(row);
}

}  // namespace

RelayHeldStore::RelayHeldStore(Database& database, SchemaName const& schema,
                               ChangeSource const& source)
    : database_{database},
      table_{schema_in(database.dialect(), schema).qualify("tram_relay_held")},
      relay_{source.held_rows_name()} {}

void RelayHeldStore::store(std::span<HeldRow const> rows) {
  auto const insert = insert_or_ignore(
      database_.dialect(),
      "INTO " + table_ +
          " (relay, row_id, database_id, destination, message_key, headers, payload, reason, "
          "held_at, retry_requested) VALUES (?, ?, ?, ?, ?, ?, ?, ?, " +
          std::string{database_.dialect().now_milliseconds} + ", 0)");
  auto const alike = "SELECT row_id, database_id, destination, headers, payload FROM " + table_ +
                     " WHERE relay = ? AND row_id IN (?, ?)";
  database_.transact(quickly(), [&](Transaction& tx) {
    for (auto const& [row, key, reason] : rows) {
      auto const row_id =
          free_identity(tx.execute(alike, relay_, identity(row), full_identity(row)), row);
      if (!row_id) continue;
      tx.execute(insert, relay_, *row_id, row.database_id, row.destination, text_or_null(key),
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
