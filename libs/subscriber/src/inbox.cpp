#include "tram/subscriber/inbox.hpp"

#include <limits>
#include <unordered_set>

#include "storable.hpp"
#include "tram/storage/aged_rows.hpp"

namespace tram {
namespace {

/// Without an index the rows are read in their order.
std::string condition_for(std::span<std::string const> subscriber_ids, std::string_view unindexed) {
  std::string ids;
  for (auto const& each : subscriber_ids) {
    ids.append(ids.empty() ? "'" : ", '");
    for (char const character : each) ids.append(character == '\'' ? 2 : 1, character);
    ids.push_back('\'');
  }
  return std::string{unindexed} + "consumer_id IN (" + ids + ")";
}

}  // namespace

Inbox::Inbox(Dialect const& dialect, SchemaName const& configured)
    : append_to_list_{dialect.append_to_list},
      row_number_{dialect.inbox.row_number},
      unindexed_{dialect.inbox.unindexed} {
  auto const schema = schema_in(dialect, configured);
  auto const table = schema.qualify("received_messages");
  receive_statement_ = insert_or_ignore(
      dialect, "INTO " + table + " (consumer_id, message_id, creation_time) VALUES (?, ?, " +
                   std::string{dialect.now_milliseconds} + ")");
  auto const held_key = schema.qualify("tram_held_key");
  auto const complete = [&](std::string_view statement) {
    return filled(statement,
                  {{"inbox", table}, {"held_key", held_key}, {"now", dialect.now_milliseconds}});
  };
  receive_all_statement_ = complete(dialect.inbox.receive_all);
  forget_statement_ = complete(dialect.inbox.forget_some);
  // One row comes back if, and only if, this is the first time.
  receive_and_look_statement_ = receive_statement_ + " RETURNING EXISTS (SELECT 1 FROM " +
                                held_key +
                                " WHERE subscriber_id = ? AND channel = ? AND message_key = ?)";
  if (!dialect.cheap_returning) {
    look_statement_ = "SELECT 1 FROM " + held_key +
                      " WHERE subscriber_id = ? AND channel = ? AND message_key = ?";
  }
  writable_statement_ = "INSERT INTO " + table +
                        " (consumer_id, message_id, creation_time) SELECT '', '', 0 WHERE 1 = 0";
  now_statement_ = "SELECT CAST(" + std::string{dialect.now_milliseconds} + " AS BIGINT)";
  table_ = table;
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
    append_to_list_(ids, Storable{each.message_id}.view());
    append_to_list_(channels, each.key.channel);
    append_to_list_(keys, Storable{each.key.key}.view());
    seen_before.push_back(!seen.insert(each.message_id).second);
  }
  auto const& subscriber_id = arrivals.front().key.subscriber_id;
  auto const rows =
      tx.execute(receive_all_statement_, ids, channels, keys, subscriber_id, subscriber_id);
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
    AgedRows const rows{table_, row_number_, "creation_time",
                        condition_for(subscriber_ids, unindexed_)};
    return rows.remove_some(tx, std::numeric_limits<std::int64_t>::max(), old_before, now);
  }
  std::string ids;
  for (auto const& each : subscriber_ids) append_to_list_(ids, each);
  return static_cast<std::size_t>(tx.execute(forget_statement_, ids, old_before).affected());
}

}  // namespace tram
