#include "tram/subscriber/inbox.hpp"

#include <limits>
#include <unordered_set>

#include "storable.hpp"
#include "tram/storage/aged_rows.hpp"

namespace tram {
namespace {

/// An index on `creation_time` finds them; the time must be of the column's type for that.
/// Places are unique in one partition only.
std::string forget_statement(std::string const& table) {
  return "WITH old AS MATERIALIZED (SELECT tableoid AS part, ctid AS place FROM " + table +
         " WHERE consumer_id = ANY (CAST(? AS TEXT[])) AND creation_time < CAST(? AS BIGINT) ORDER "
         "BY creation_time LIMIT 1000) DELETE FROM " +
         table +
         " WHERE ctid = ANY (ARRAY(SELECT place FROM old)) AND (tableoid, ctid) IN (SELECT part, "
         "place FROM old)";
}

/// The rows are written in the order of their ids, so that two that receive the same messages wait
/// for each other and never for ever. What was written comes back with its place, and whether its
/// key is held.
std::string receive_all_statement(Dialect const& dialect, std::string const& inbox,
                                  std::string const& held_key) {
  if (dialect.kind != DatabaseKind::postgres) return {};
  return "WITH arrived AS (SELECT * FROM unnest(CAST(? AS TEXT[]), CAST(? AS TEXT[]), CAST(? AS "
         "TEXT[])) WITH ORDINALITY AS arrival (message_id, channel, message_key, place)), fresh AS "
         "(INSERT INTO " +
         inbox + " (consumer_id, message_id, creation_time) SELECT CAST(? AS TEXT), message_id, " +
         std::string{dialect.now_milliseconds} +
         " FROM arrived ORDER BY message_id ON CONFLICT DO NOTHING RETURNING message_id) SELECT "
         "arrived.place - 1, EXISTS (SELECT 1 FROM " +
         held_key +
         " AS held WHERE held.subscriber_id = ? AND held.channel = arrived.channel AND "
         "held.message_key = arrived.message_key) FROM arrived JOIN fresh ON fresh.message_id = "
         "arrived.message_id";
}

/// Adds an element to the text form of an array (PostgreSQL 15, chapter 8.15.2).
void append_element(std::string& array, std::string_view element) {
  array.append(array.empty() ? "{\"" : ",\"");
  for (char const each : element) {
    if (each == '"' || each == '\\') array.push_back('\\');
    array.push_back(each);
  }
  array.push_back('"');
}

std::string array_text(std::span<std::string const> elements) {
  std::string array;
  for (auto const& each : elements) append_element(array, each);
  return array.append("}");
}

/// In the order of the rows, not by consumer.
std::string condition_for(std::span<std::string const> subscriber_ids) {
  std::string ids;
  for (auto const& each : subscriber_ids) {
    ids.append(ids.empty() ? "'" : ", '");
    for (char const character : each) ids.append(character == '\'' ? 2 : 1, character);
    ids.push_back('\'');
  }
  return "+consumer_id IN (" + ids + ")";
}

}  // namespace

Inbox::Inbox(Dialect const& dialect, SchemaName const& configured) {
  auto const schema = schema_in(dialect, configured);
  auto const table = schema.qualify("received_messages");
  receive_statement_ = insert_or_ignore(
      dialect, "INTO " + table + " (consumer_id, message_id, creation_time) VALUES (?, ?, " +
                   std::string{dialect.now_milliseconds} + ")");
  auto const held_key = schema.qualify("tram_held_key");
  receive_all_statement_ = receive_all_statement(dialect, table, held_key);
  // One row comes back if, and only if, this is the first time.
  receive_and_look_statement_ = receive_statement_ + " RETURNING EXISTS (SELECT 1 FROM " +
                                held_key +
                                " WHERE subscriber_id = ? AND channel = ? AND message_key = ?)";
  // SQLite makes a table in memory for what comes back, which costs more than another statement;
  // and nobody else can hold a key once this transaction has written.
  if (dialect.kind == DatabaseKind::sqlite) {
    look_statement_ = "SELECT 1 FROM " + held_key +
                      " WHERE subscriber_id = ? AND channel = ? AND message_key = ?";
  }
  writable_statement_ = "INSERT INTO " + table +
                        " (consumer_id, message_id, creation_time) SELECT '', '', 0 WHERE 1 = 0";
  now_statement_ = "SELECT CAST(" + std::string{dialect.now_milliseconds} + " AS BIGINT)";
  table_ = table;
  // SQLite keeps its rows in the order in which they came.
  if (dialect.kind != DatabaseKind::sqlite) forget_statement_ = forget_statement(table);
}

InboxResult Inbox::receive(StatementExecutor& tx, HeldKey const& key,
                           std::string_view message_id) const {
  if (!look_statement_.empty()) return receive_then_look(tx, key, message_id);
  auto const rows =
      tx.execute(receive_and_look_statement_, key.subscriber_id, Storable{message_id}.view(),
                 key.subscriber_id, key.channel, Storable{key.key}.view());
  if (rows.empty()) return InboxResult::duplicate;
  return rows[0].get<bool>(0) ? InboxResult::key_is_held : InboxResult::fresh;
}

std::vector<InboxResult> Inbox::receive(StatementExecutor& tx,
                                        std::span<InboxEntry const> arrivals) const {
  std::vector<InboxResult> receptions;
  receptions.reserve(arrivals.size());
  if (receive_all_statement_.empty() || arrivals.size() < 2) {
    for (auto const& each : arrivals) receptions.push_back(receive(tx, each.key, each.message_id));
    return receptions;
  }
  std::string ids;
  std::string channels;
  std::string keys;
  std::unordered_set<std::string_view> seen;
  std::vector<bool> seen_before;
  for (auto const& each : arrivals) {
    append_element(ids, Storable{each.message_id}.view());
    append_element(channels, each.key.channel);
    append_element(keys, Storable{each.key.key}.view());
    seen_before.push_back(!seen.insert(each.message_id).second);
  }
  auto const& subscriber_id = arrivals.front().key.subscriber_id;
  auto const rows = tx.execute(receive_all_statement_, ids + "}", channels + "}", keys + "}",
                               subscriber_id, subscriber_id);
  receptions.assign(arrivals.size(), InboxResult::duplicate);
  for (auto const row : rows) {
    auto const place = row.get<std::size_t>(0);
    if (seen_before.at(place)) continue;
    receptions.at(place) = row.get<bool>(1) ? InboxResult::key_is_held : InboxResult::fresh;
  }
  return receptions;
}

InboxResult Inbox::receive_then_look(StatementExecutor& tx, HeldKey const& key,
                                     std::string_view message_id) const {
  if (!receive(tx, key.subscriber_id, message_id)) return InboxResult::duplicate;
  auto const rows =
      tx.execute(look_statement_, key.subscriber_id, key.channel, Storable{key.key}.view());
  return rows.empty() ? InboxResult::fresh : InboxResult::key_is_held;
}

bool Inbox::receive(StatementExecutor& tx, std::string_view subscriber_id,
                    std::string_view message_id) const {
  return tx.execute(receive_statement_, subscriber_id, Storable{message_id}.view()).affected() == 1;
}

void Inbox::require_writable(StatementExecutor& tx) const { tx.execute(writable_statement_); }

std::chrono::milliseconds Inbox::now(StatementExecutor& tx) const {
  return std::chrono::milliseconds{tx.execute(now_statement_)[0].get<std::int64_t>(0)};
}

std::size_t Inbox::forget_some(StatementExecutor& tx, std::span<std::string const> subscriber_ids,
                               std::chrono::milliseconds age) const {
  if (subscriber_ids.empty()) return 0;
  auto const now = this->now(tx).count();
  auto const old_before = now - static_cast<std::int64_t>(age.count());
  if (forget_statement_.empty()) {
    AgedRows const rows{table_, "rowid", "creation_time", condition_for(subscriber_ids)};
    return rows.remove_some(tx, std::numeric_limits<std::int64_t>::max(), old_before, now);
  }
  auto const ids = array_text(subscriber_ids);
  return static_cast<std::size_t>(tx.execute(forget_statement_, ids, old_before).affected());
}

}  // namespace tram
