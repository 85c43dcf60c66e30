#include "tram/subscriber/held_messages.hpp"

#include "storable.hpp"
#include "tram/base/error.hpp"
#include "tram/broker/position_numbers.hpp"

namespace tram {
namespace {

constexpr std::string_view one_key = " WHERE subscriber_id = ? AND channel = ? AND message_key = ?";
constexpr std::string_view message_columns =
    "sequence, subscriber_id, channel, message_key, message_id, partition, position, headers, "
    "payload, reason, attempts, held_at";

HeldMessage message_of(Row const& row) {
  return {.sequence = row.get<std::int64_t>(0),
          .key = {.subscriber_id = row.get<std::string>(1),
                  .channel = row.get<std::string>(2),
                  .key = row.get<std::string>(3)},
          .message_id = row.get<std::string>(4),
          .partition = row.get<std::int32_t>(5),
          .position = position_of({row.get<std::int64_t>(6)}),
          .headers_json = row.get<std::string>(7),
          .payload = row.get<std::string>(8),
          .reason = row.get<std::string>(9),
          .attempts = row.get<int>(10),
          .held_at = row.get<std::int64_t>(11)};
}

/// What is stored of a message, with its bytes in Base64 when they are no text.
struct StoredContent {
  std::string headers_json;
  std::string payload;
  std::string reason;
};

StoredContent stored(HeldMessage const& message, std::string_view its_reason) {
  auto const reason = escaped(its_reason);
  bool const is_text = find_unstorable(message.headers_json) == std::string_view::npos &&
                       find_unstorable(message.payload) == std::string_view::npos;
  if (is_text) {
    return {.headers_json = message.headers_json, .payload = message.payload, .reason = reason};
  }
  auto const headers = message.headers_json == "{}"
                           ? std::string{}
                           : ", its headers were " + escaped(message.headers_json);
  return {.headers_json = "{}",
          .payload = to_base64(message.payload),
          .reason = "the payload is no text and stands here in Base64" + headers + "; " + reason};
}

std::string insert_into(std::string const& table, Dialect const& dialect, bool has_cause) {
  return insert_or_ignore(
      dialect, "INTO " + table +
                   " (subscriber_id, channel, message_key, message_id, partition, position, "
                   "headers, payload, reason, attempts, held_at" +
                   (has_cause ? ", cause" : "") + ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, " +
                   std::string{dialect.now_milliseconds} + (has_cause ? ", ?)" : ")"));
}

/// The conditions of a filter, on a table with the columns of a key.
struct Conditions {
  std::string sql;
  std::vector<Parameter> parameters;

  void add(std::string_view condition, std::string const& value) {
    if (value.empty()) return;
    sql.append(sql.empty() ? " WHERE " : " AND ").append(condition);
    parameters.emplace_back(value);
  }
};

Conditions conditions_of(HeldFilter const& filter, std::string_view message_condition) {
  Conditions conditions;
  conditions.add("subscriber_id = ?", filter.subscriber_id);
  conditions.add("channel = ?", filter.channel);
  conditions.add("message_key = ?", filter.key);
  conditions.add(message_condition, filter.message_id);
  return conditions;
}

}  // namespace

HeldMessages::HeldMessages(Dialect const& dialect, SchemaName const& configured)
    : cause_{dialect, configured, HeldTable::messages} {
  auto const schema = schema_in(dialect, configured);
  key_table_ = schema.qualify("tram_held_key");
  message_table_ = schema.qualify("tram_held_message");
  std::string const key{one_key};
  std::string const columns{message_columns};
  auto const into_keys = "INSERT INTO " + key_table_ +
                         " AS held (subscriber_id, channel, message_key, held_count, "
                         "retry_requested) VALUES (?, ?, ?, 1, ";
  auto const one_more = ")" + dialect.or_update("subscriber_id, channel, message_key",
                                                "held_count = held.held_count + 1");
  hold_key_statement_ = into_keys + "0" + one_more;
  hand_over_key_statement_ = into_keys + "1" + one_more;
  join_key_statement_ = "UPDATE " + key_table_ + " SET held_count = held_count + 1" + key;
  leave_key_statement_ = "UPDATE " + key_table_ + " SET held_count = held_count - 1" + key;
  insert_statement_ = insert_into(message_table_, dialect, false);
  insert_with_cause_statement_ = insert_into(message_table_, dialect, true);
  request_statement_ = "UPDATE " + key_table_ + " SET retry_requested = ?" + key;
  lock_statement_ = "SELECT retry_requested, held_count FROM " + key_table_ + key + " " +
                    std::string{dialect.for_update};
  try_lock_statement_ =
      dialect.for_update.empty() ? lock_statement_ : lock_statement_ + " SKIP LOCKED";
  first_statement_ =
      "SELECT " + columns + " FROM " + message_table_ + key + " ORDER BY sequence LIMIT 1";
  delete_statement_ = "DELETE FROM " + message_table_ + " WHERE sequence = ?";
  free_key_statement_ = "DELETE FROM " + key_table_ + key + " AND NOT EXISTS (SELECT 1 FROM " +
                        message_table_ + key + ")";
}

void HeldMessages::hold(StatementExecutor& tx, HeldMessage const& message) const {
  tx.post(hold_key_statement_, message.key.subscriber_id, message.key.channel,
          Storable{message.key.key}.view());
  insert(tx, message, HeldCause::own_failure);
}

void HeldMessages::hand_over(StatementExecutor& tx, HeldMessage const& message) const {
  tx.post(hand_over_key_statement_, message.key.subscriber_id, message.key.channel,
          Storable{message.key.key}.view());
  insert(tx, message, HeldCause::key_held);
}

bool HeldMessages::hold_behind(StatementExecutor& tx, HeldMessage const& message) const {
  auto const joined = tx.execute(join_key_statement_, message.key.subscriber_id,
                                 message.key.channel, Storable{message.key.key}.view());
  if (joined.affected() == 0) return false;
  insert(tx, message, HeldCause::key_held);
  return true;
}

/// A table without causes tells them by their reason.
void HeldMessages::insert(StatementExecutor& tx, HeldMessage const& message,
                          HeldCause cause) const {
  bool const has_cause = cause_.is_there(tx);
  bool const by_reason = !has_cause && cause == HeldCause::key_held;
  auto const& [subscriber_id, channel, name] = message.key;
  auto const content =
      stored(message, by_reason ? reason_of_0_1(HeldTable::messages) : message.reason);
  Storable const key{name};
  Storable const id{message.message_id};
  std::vector<Parameter> parameters{subscriber_id,        channel,
                                    key.view(),           id.view(),
                                    message.partition,    numbers_of(message.position).first,
                                    content.headers_json, content.payload,
                                    content.reason,       message.attempts};
  if (has_cause) parameters.emplace_back(to_string(cause));
  auto const inserted =
      execute(tx, has_cause ? insert_with_cause_statement_ : insert_statement_, parameters);
  // It was held already, and the key counts it.
  if (inserted.affected() == 0) {
    tx.post(leave_key_statement_, subscriber_id, channel, key.view());
  }
}

/// The table may be another one after an error.
Rows HeldMessages::execute(StatementExecutor& tx, std::string const& sql,
                           Parameters parameters) const {
  try {
    return tx.execute_statement(sql, parameters);
  } catch (Error const&) {
    cause_.forget();
    throw;
  }
}

std::vector<HeldKey> HeldMessages::requested(StatementExecutor& tx, std::string_view subscriber_id,
                                             std::size_t max,
                                             std::optional<HeldKey> const& after) const {
  auto sql = "SELECT subscriber_id, channel, message_key FROM " + key_table_ +
             " WHERE subscriber_id = ? AND retry_requested <> 0";
  std::vector<Parameter> parameters;
  parameters.emplace_back(subscriber_id);
  // As it stands in the table: that is what the rows are ordered by.
  std::optional<Storable> after_key;
  if (after) {
    after_key.emplace(after->key);
    sql += " AND (channel > ? OR (channel = ? AND message_key > ?))";
    for (auto const part :
         {std::string_view{after->channel}, std::string_view{after->channel}, after_key->view()}) {
      parameters.emplace_back(part);
    }
  }
  parameters.emplace_back(static_cast<std::int64_t>(max));
  auto const rows =
      tx.execute_statement(sql + " ORDER BY channel, message_key LIMIT ?", parameters);
  std::vector<HeldKey> keys;
  for (auto const row : rows) {
    keys.push_back({row.get<std::string>(0), row.get<std::string>(1), row.get<std::string>(2)});
  }
  return keys;
}

std::optional<HeldMessages::Locked> HeldMessages::lock(StatementExecutor& tx, HeldKey const& key,
                                                       std::string const& statement) const {
  auto const rows = tx.execute(statement, key.subscriber_id, key.channel, Storable{key.key}.view());
  if (rows.empty()) return std::nullopt;
  return Locked{.requested = rows[0].get<bool>(0), .count = rows[0].get<std::int64_t>(1)};
}

std::optional<HeldMessage> HeldMessages::first_of(StatementExecutor& tx, HeldKey const& key) const {
  auto const rows =
      tx.execute(first_statement_, key.subscriber_id, key.channel, Storable{key.key}.view());
  if (rows.empty()) return std::nullopt;
  return message_of(rows[0]);
}

std::optional<HeldMessage> HeldMessages::first(StatementExecutor& tx, HeldKey const& key) const {
  auto first = first_by(tx, key, lock_statement_);
  if (!first) return std::nullopt;
  return std::move(first->message);
}

std::optional<FirstHeld> HeldMessages::take_first(StatementExecutor& tx, HeldKey const& key) const {
  return first_by(tx, key, try_lock_statement_);
}

std::optional<FirstHeld> HeldMessages::first_by(StatementExecutor& tx, HeldKey const& key,
                                                std::string const& statement) const {
  auto const locked = lock(tx, key, statement);
  if (!locked || !locked->requested) return std::nullopt;
  auto message = first_of(tx, key);
  // Somebody emptied the key by hand.
  if (!message) {
    free_if_empty(tx, key);
    return std::nullopt;
  }
  return FirstHeld{.message = *std::move(message), .is_last = locked->count <= 1};
}

void HeldMessages::settle(StatementExecutor& tx, HeldMessage const& message) const {
  tx.post(delete_statement_, message.sequence);
  tx.post(leave_key_statement_, message.key.subscriber_id, message.key.channel,
          Storable{message.key.key}.view());
  free_if_empty(tx, message.key);
}

void HeldMessages::free_if_empty(StatementExecutor& tx, HeldKey const& held) const {
  Storable const key{held.key};
  tx.post(free_key_statement_, held.subscriber_id, held.channel, key.view(), held.subscriber_id,
          held.channel, key.view());
}

void HeldMessages::note_failure(StatementExecutor& tx, HeldMessage const& message,
                                std::string_view reason, int attempts) const {
  Storable const stored_reason{reason};
  std::vector<Parameter> parameters{stored_reason.view(), attempts};
  bool const has_cause = cause_.is_there(tx);
  if (has_cause) parameters.emplace_back(to_string(HeldCause::own_failure));
  parameters.emplace_back(message.sequence);
  execute(tx,
          "UPDATE " + message_table_ + " SET reason = ?, attempts = ?" +
              (has_cause ? ", cause = ?" : "") + " WHERE sequence = ?",
          parameters);
}

void HeldMessages::refuse(StatementExecutor& tx, HeldMessage const& message,
                          std::string_view reason, int attempts) const {
  note_failure(tx, message, reason, attempts);
  request(tx, message.key, false);
}

void HeldMessages::request(StatementExecutor& tx, HeldKey const& key, bool wanted) const {
  tx.post(request_statement_, wanted, key.subscriber_id, key.channel, Storable{key.key}.view());
}

std::vector<HeldKeySummary> HeldMessages::keys(StatementExecutor& tx,
                                               HeldFilter const& filter) const {
  auto const conditions = conditions_of(filter, holds_message());
  auto const sql = "SELECT subscriber_id, channel, message_key, held_count, retry_requested FROM " +
                   key_table_ + " AS held" + conditions.sql +
                   " ORDER BY subscriber_id, channel, message_key";
  std::vector<HeldKeySummary> keys;
  for (auto const row : tx.execute_statement(sql, conditions.parameters)) {
    keys.push_back({.key = {.subscriber_id = row.get<std::string>(0),
                            .channel = row.get<std::string>(1),
                            .key = row.get<std::string>(2)},
                    .count = row.get<std::int64_t>(3),
                    .retry_requested = row.get<bool>(4)});
  }
  return keys;
}

std::vector<HeldMessage> HeldMessages::messages(StatementExecutor& tx, HeldFilter const& filter,
                                                std::size_t max) const {
  auto conditions = conditions_of(filter, "message_id = ?");
  conditions.parameters.emplace_back(static_cast<std::int64_t>(max));
  auto const sql = "SELECT " + std::string{message_columns} + ", " + cause_.expression(tx) +
                   " FROM " + message_table_ + conditions.sql + " ORDER BY sequence LIMIT ?";
  std::vector<HeldMessage> messages;
  for (auto const row : execute(tx, sql, conditions.parameters)) {
    messages.push_back(message_of(row));
    messages.back().cause = held_cause(row.get<std::string>(12));
  }
  return messages;
}

std::size_t HeldMessages::count(StatementExecutor& tx, HeldFilter const& filter) const {
  auto const conditions = conditions_of(filter, "message_id = ?");
  auto const rows = tx.execute_statement("SELECT count(*) FROM " + message_table_ + conditions.sql,
                                         conditions.parameters);
  return rows[0].get<std::size_t>(0);
}

std::size_t HeldMessages::request_retry(StatementExecutor& tx, HeldFilter const& filter) const {
  auto const conditions = conditions_of(filter, holds_message());
  auto const rows = tx.execute_statement(
      "UPDATE " + key_table_ + " AS held SET retry_requested = 1" + conditions.sql,
      conditions.parameters);
  return static_cast<std::size_t>(rows.affected());
}

bool HeldMessages::drop(StatementExecutor& tx, std::string_view subscriber_id,
                        std::string_view message_id) const {
  auto const found = messages(
      tx, {.subscriber_id = std::string{subscriber_id}, .message_id = std::string{message_id}}, 1);
  if (found.empty() || !lock(tx, found.front().key, lock_statement_)) { return false; }
  auto const& message = found.front();
  auto const first = first_of(tx, message.key);
  // Replayed, or dropped by somebody else, before the lock was ours.
  if (tx.execute(delete_statement_, message.sequence).affected() == 0) return false;
  tx.post(leave_key_statement_, message.key.subscriber_id, message.key.channel,
          Storable{message.key.key}.view());
  if (first && first->sequence == message.sequence) request(tx, message.key, true);
  free_if_empty(tx, message.key);
  return true;
}

std::string HeldMessages::holds_message() const {
  return "EXISTS (SELECT 1 FROM " + message_table_ +
         " AS message WHERE message.subscriber_id = held.subscriber_id AND message.channel = "
         "held.channel AND message.message_key = held.message_key AND message.message_id = ?)";
}

}  // namespace tram
