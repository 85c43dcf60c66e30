#include "tram/relay/sql_held_row_store.hpp"

#include <chrono>
#include <functional>
#include <utility>

#include "stored_text.hpp"
#include "tram/sql/connection.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/sql/transaction.hpp"

namespace tram {
namespace {

/// The relay's loop does nothing else meanwhile, so not for long: it tries again by itself. The
/// other attempts are for connections that ended while they lay idle, and for a conflict.
TransactOptions quickly(Access access) {
  return {.access = access, .timeout = std::chrono::seconds{5}, .attempts_max = 3};
}

/// A server takes some seconds for what has hundreds of megabytes; it must not be given up for
/// that, since the same would come again.
constexpr std::size_t bytes_per_second_least{std::size_t{2} << 20U};

std::size_t size_of(std::optional<std::string> const& text) { return text ? text->size() : 0; }

TransactOptions patiently(std::span<HeldRow const> rows) {
  std::size_t bytes = 0;
  for (auto const& held : rows) bytes += size_of(held.row.headers) + size_of(held.row.payload);
  auto options = quickly(Access::read_write);
  options.timeout += std::chrono::seconds{bytes / bytes_per_second_least};
  return options;
}

std::uint64_t hash_of(std::optional<std::string> const& text, std::uint64_t before) {
  return text ? stored_text::hash(*text, before) : (before ^ 0x101U) * 0x100000001b3U;
}

std::string content_hash(OutboxRow const& row) {
  auto const destination = stored_text::hash(row.destination);
  return std::to_string(hash_of(row.payload, hash_of(row.headers, destination)));
}

std::string name_of(std::string_view name) {
  return stored_text::from_bytes(stored_text::shortened(name));
}

/// What makes a row the same row when it comes again, as far as people are told.
std::string identity(OutboxRow const& row) {
  if (!row.id.empty()) return name_of(row.id);
  if (row.database_id) return "dbid:" + std::to_string(*row.database_id);
  return "content:" + content_hash(row);
}

/// The same for a row with an id that another row has, too: nothing makes ids unique everywhere.
std::string full_identity(OutboxRow const& row) {
  if (row.id.empty()) return identity(row);
  return name_of(row.id) + "#" + (row.database_id ? std::to_string(*row.database_id) + "#" : "") +
         content_hash(row);
}

std::optional<std::string> text_of(OutboxRow const& row, std::optional<std::string> const& bytes) {
  if (!bytes) return std::nullopt;
  auto const look =
      row.unreadable.empty() ? stored_text::Look::can_be_trusted : stored_text::Look::deceives;
  return stored_text::from_bytes(*bytes, look);
}

bool is_same(Row const& stored, OutboxRow const& row) {
  return stored.get<std::optional<std::int64_t>>(1) == row.database_id &&
         stored.get<std::string>(2) == name_of(row.destination) &&
         stored.get<std::optional<std::string>>(3) == text_of(row, row.headers) &&
         stored.get<std::optional<std::string>>(4) == text_of(row, row.payload);
}

/// A row as it was stored; bytes that were no text then are none now, however they look.
OutboxRow outbox_row(Row const& stored) {
  OutboxRow row{.id = stored.get<std::string>(1),
                .database_id = stored.get<std::optional<std::int64_t>>(2),
                .destination = stored_text::to_bytes(stored.get<std::string>(3)),
                .headers = stored.get<std::optional<std::string>>(4),
                .payload = stored.get<std::optional<std::string>>(5),
                .ends_at = std::nullopt};
  for (auto [name, column] : {std::pair{"headers", &row.headers}, {"payload", &row.payload}}) {
    if (!*column || !stored_text::is_encoded(**column)) continue;
    if (stored_text::is_no_text(**column))
      row.unreadable = std::string{"column '"} + name +
                       "' holds bytes in Base64, since they are no text in UTF-8; write the text "
                       "into it and ask again";
    *column = stored_text::to_bytes(**column);
  }
  return row;
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

std::string cause_assignment(HeldCause cause) {
  return ", cause = '" + std::string{to_string(cause)} + "'";
}

/// Others have been asked for, and are to have their turn.
constexpr std::int64_t retries_max{100};

}  // namespace

SqlHeldRowStore::SqlHeldRowStore(Database& database, SchemaName const& schema,
                                 ChangeSource const& source)
    : database_{database},
      table_{schema_in(database.dialect(), schema).qualify("tram_relay_held")},
      cause_{database.dialect(), schema, HeldTable::relay_rows},
      relay_{source.held_rows_name()} {}

template <class Function>
auto SqlHeldRowStore::transact(TransactOptions const& options, Function const& function) {
  try {
    return database_.transact(options, function);
  } catch (Error const&) {
    cause_.forget();
    throw;
  }
}

void SqlHeldRowStore::store(std::span<HeldRow const> rows) {
  try {
    store(rows, stored_text::readable);
  } catch (Error const& error) {
    if (error.fault() != Fault::rejected) throw;
    // The reasons are ours, and the database's encoding may not have all their characters.
    store(rows, stored_text::ascii);
  }
}

std::string SqlHeldRowStore::insert_statement(bool has_cause, HeldCause cause) const {
  auto const& dialect = database_.dialect();
  auto const cause_value = ", '" + std::string{to_string(cause)} + "'";
  return insert_or_ignore(
      dialect, "INTO " + table_ +
                   " (relay, row_id, database_id, destination, message_key, headers, payload, "
                   "reason, held_at, retry_requested" +
                   (has_cause ? ", cause" : "") + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, " +
                   std::string{dialect.now_milliseconds} + ", 0" + (has_cause ? cause_value : "") +
                   ")");
}

void SqlHeldRowStore::store(std::span<HeldRow const> rows, std::string (*plain)(std::string_view)) {
  auto const alike = "SELECT row_id, database_id, destination, headers, payload FROM " + table_ +
                     " WHERE relay = ? AND row_id IN (?, ?)";
  transact(patiently(rows), [&](Transaction& tx) {
    bool const has_cause = cause_.is_there(tx);
    for (auto const& [row, key, reason, cause] : rows) {
      auto const row_id =
          free_identity(tx.execute(alike, relay_, identity(row), full_identity(row)), row);
      if (!row_id) continue;
      std::optional<std::string> const held_key = key ? std::optional{name_of(*key)} : std::nullopt;
      bool const by_reason = !has_cause && cause == HeldCause::key_held;
      tx.execute(insert_statement(has_cause, cause), relay_, *row_id, row.database_id,
                 name_of(row.destination), held_key, text_of(row, row.headers),
                 text_of(row, row.payload),
                 by_reason ? std::string{reason_of_0_1(HeldTable::relay_rows)} : plain(reason));
    }
  });
}

HeldSummary SqlHeldRowStore::summary() {
  return transact(quickly(Access::read_only), [&](Transaction& tx) {
    HeldSummary summary;
    auto const counted = tx.execute("SELECT count(*) FROM " + table_ + " WHERE relay = ?", relay_);
    summary.rows = counted[0].get<std::size_t>(0);
    if (summary.rows == 0) return summary;
    auto const keys = tx.execute("SELECT DISTINCT destination, message_key FROM " + table_ +
                                     " WHERE relay = ? AND message_key IS NOT NULL",
                                 relay_);
    for (auto const key : keys) {
      summary.keys.emplace(stored_text::to_bytes(key.get<std::string>(0)),
                           stored_text::to_bytes(key.get<std::string>(1)));
    }
    auto const closed = tx.execute("SELECT DISTINCT destination FROM " + table_ +
                                       " WHERE relay = ? AND " + cause_.expression(tx) + " = ?",
                                   relay_, to_string(HeldCause::channel_closed));
    for (auto const row : closed)
      summary.closed_channels.insert(stored_text::to_bytes(row.get<std::string>(0)));
    return summary;
  });
}

std::vector<StoredHeldRow> SqlHeldRowStore::replayable(std::size_t rows_max, ReplayOrder order) {
  return transact(quickly(Access::read_only), [&](Transaction& tx) {
    auto sql = "SELECT id, row_id, database_id, destination, headers, payload FROM " + table_ +
               " held WHERE relay = ? AND (retry_requested <> 0 OR " + cause_.expression(tx) +
               " = ?)";
    if (order == ReplayOrder::by_key) {
      sql += " AND (message_key IS NULL OR NOT EXISTS (SELECT 1 FROM " + table_ +
             " earlier WHERE earlier.relay = held.relay AND earlier.destination = "
             "held.destination AND earlier.message_key = held.message_key AND earlier.id < "
             "held.id))";
    }
    std::vector<StoredHeldRow> stored;
    for (auto const row : tx.execute(sql + " ORDER BY id LIMIT ?", relay_,
                                     to_string(HeldCause::key_held), rows_max)) {
      stored.push_back({.id = row.get<std::int64_t>(0), .row = outbox_row(row)});
    }
    return stored;
  });
}

void SqlHeldRowStore::settle(ReplayOutcome const& outcome) {
  transact(quickly(Access::read_write), [&](Transaction& tx) {
    for (auto const id : outcome.published) {
      tx.execute("DELETE FROM " + table_ + " WHERE id = ?", id);
    }
    bool const has_cause = !outcome.refused.empty() && cause_.is_there(tx);
    for (auto const& [id, reason, cause] : outcome.refused) {
      tx.execute("UPDATE " + table_ + " SET reason = ?, retry_requested = 0" +
                     (has_cause ? cause_assignment(cause) : std::string{}) + " WHERE id = ?",
                 stored_text::ascii(reason), id);
    }
    for (auto const& channel : outcome.channels_to_try) request_retries(tx, channel);
  });
}

void SqlHeldRowStore::request_retries(Transaction& tx, std::string const& channel) {
  tx.execute("UPDATE " + table_ + " SET retry_requested = 1 WHERE id IN (SELECT id FROM " + table_ +
                 " held WHERE relay = ? AND destination = ? AND " + cause_.expression(tx) +
                 " <> ? ORDER BY id LIMIT ?)",
             relay_, name_of(channel), to_string(HeldCause::key_held), retries_max);
}

}  // namespace tram
