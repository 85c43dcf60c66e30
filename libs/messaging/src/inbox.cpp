#include "tram/messaging/inbox.hpp"

#include "storable.hpp"

namespace tram {
namespace {

/// SQLite keeps its rows in the order in which they came: only the oldest are looked at. Elsewhere
/// an index on `creation_time` finds them; the time must be of the column's type for that.
std::string forget_statement(Dialect const& dialect, std::string const& table) {
  auto const now = std::string{dialect.now_milliseconds};
  if (dialect.kind == DatabaseKind::sqlite) {
    return "DELETE FROM " + table +
           " WHERE rowid IN (SELECT rowid FROM (SELECT rowid, creation_time FROM " + table +
           " ORDER BY rowid LIMIT 1000) AS oldest WHERE creation_time < " + now + " - ?)";
  }
  return "DELETE FROM " + table + " WHERE ctid = ANY (ARRAY(SELECT ctid FROM " + table +
         " WHERE creation_time < CAST(" + now +
         " AS BIGINT) - CAST(? AS BIGINT) ORDER BY creation_time LIMIT 1000))";
}

}  // namespace

Inbox::Inbox(Dialect const& dialect, SchemaName const& configured) {
  auto const schema = schema_in(dialect, configured);
  auto const table = schema.qualify("received_messages");
  receive_statement_ = insert_or_ignore(
      dialect, "INTO " + table + " (consumer_id, message_id, creation_time) VALUES (?, ?, " +
                   std::string{dialect.now_milliseconds} + ")");
  // One row comes back if, and only if, this is the first time.
  receive_and_look_statement_ = receive_statement_ + " RETURNING EXISTS (SELECT 1 FROM " +
                                schema.qualify("tram_held_key") +
                                " WHERE subscriber_id = ? AND channel = ? AND message_key = ?)";
  forget_statement_ = forget_statement(dialect, table);
}

Reception Inbox::receive(StatementExecutor& tx, HeldKey const& key,
                         std::string_view message_id) const {
  auto const rows =
      tx.execute(receive_and_look_statement_, key.subscriber_id, Storable{message_id}.view(),
                 key.subscriber_id, key.channel, Storable{key.key}.view());
  if (rows.empty()) return Reception::duplicate;
  return rows[0].get<bool>(0) ? Reception::key_is_held : Reception::fresh;
}

bool Inbox::receive(StatementExecutor& tx, std::string_view subscriber_id,
                    std::string_view message_id) const {
  return tx.execute(receive_statement_, subscriber_id, Storable{message_id}.view()).affected() == 1;
}

std::size_t Inbox::forget_some(StatementExecutor& tx, std::chrono::milliseconds age) const {
  return static_cast<std::size_t>(
      tx.execute(forget_statement_, static_cast<std::int64_t>(age.count())).affected());
}

}  // namespace tram
