#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tram/messaging/incoming_message.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/sql/statement_executor.hpp"
#include "tram/storage/held_cause_column.hpp"
#include "tram/subscriber/inbox.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// A dead letter that keeps its key's order: its attempts are used up, or it came behind such a
/// message.
struct HeldMessage {
  /// Number of the row; orders the messages of a key.
  std::int64_t sequence{};
  HeldKey key;
  std::string message_id;
  std::int32_t partition{};
  /// For people who look for the record: of one that was stored only the first of its numbers.
  Position position{};
  /// As the record has them. For a record that is no message: headers `{}`, and the record's value
  /// as the payload, in base64 when it is no text (`reason` says so).
  std::string headers_json;
  std::string payload;
  std::string reason;
  /// Given by `messages` only.
  HeldCause cause{HeldCause::own_failure};
  int attempts{};
  /// Epoch milliseconds, by the database's clock.
  std::int64_t held_at{};
};

/// A message as it is held, for modules that keep one for later: see `HeldMessages::hand_over`.
HeldMessage held_message(IncomingMessage const& incoming, std::string reason);

/// The message of a key whose turn it is.
struct FirstHeld {
  HeldMessage message;
  /// Its key holds no other.
  bool is_last{};
};

/// A key with its held messages.
struct HeldKeySummary {
  HeldKey key;
  std::int64_t count{};
  bool retry_requested{};
};

/// Narrows a listing; empty means all.
struct HeldFilter {
  std::string subscriber_id{};
  std::string channel{};
  std::string key{};
  /// Keys that hold this message, or the message itself.
  std::string message_id{};
};

/// Held messages of one database, in the tables `tram_held_key` and `tram_held_message`. The row of
/// a key is locked while its messages are added or replayed, so that a message either finds its key
/// held and joins it, or comes after the last replay. A value; callable from any thread. Every call
/// throws the errors of the driver.
///
///     tram::HeldMessages const held{database.dialect(), schema};
///     database.transact([&](tram::Transaction& tx) {
///       for (auto const& each : held.messages(tx, {.subscriber_id = "billing"}, 50))
///       show(each.reason); held.request_retry(tx, {.subscriber_id = "billing"});
///     });
class HeldMessages final {
 public:
  HeldMessages(Dialect const& dialect, SchemaName const& schema);

  // For subscriptions.

  /// Holds the message and its key; nothing when the message is held already. `message.sequence`,
  /// `cause` and `held_at` are chosen here. A message that no database takes as text (a NUL, bytes
  /// that are no UTF-8) is held as a record that is no message. The inbox row is the caller's to
  /// write, in the same transaction.
  void hold(StatementExecutor& tx, HeldMessage const& message) const;
  /// Holds the message behind others of its key; returns false and does nothing when the key is
  /// free. Waits for a replay of the key that is under way.
  bool hold_behind(StatementExecutor& tx, HeldMessage const& message) const;
  /// Keys of the subscriber whose replay was requested, in the order of channel and key, those
  /// behind `after` when it is given, `max` at most.
  [[nodiscard]] std::vector<HeldKey> requested(StatementExecutor& tx,
                                               std::string_view subscriber_id, std::size_t max,
                                               std::optional<HeldKey> const& after = {}) const;
  /// Locks the key, and gives its first message; nothing when it holds none, or when its replay is
  /// not requested any more, since another process replayed it.
  [[nodiscard]] std::optional<HeldMessage> first(StatementExecutor& tx, HeldKey const& key) const;
  /// The same without waiting: also empty when another process has locked the key.
  [[nodiscard]] std::optional<FirstHeld> take_first(StatementExecutor& tx,
                                                    HeldKey const& key) const;
  /// Takes out a message that was handled; the key is free when it was the last. The key must be
  /// locked by `first` in this transaction.
  void settle(StatementExecutor& tx, HeldMessage const& message) const;
  /// A run of its replay failed: notes why and how often; the request stays.
  void note_failure(StatementExecutor& tx, HeldMessage const& message, std::string_view reason,
                    int attempts) const;
  /// The replay failed for good: as `note_failure`, and waits for the next request.
  void refuse(StatementExecutor& tx, HeldMessage const& message, std::string_view reason,
              int attempts) const;

  // For modules that kept a message when its handler was called, without handling it.

  /// Has the subscription handle it within seconds after the commit, past the inbox and in a later
  /// transaction: before later messages of its key, retried and held as any other.
  /// If its key is held, it waits behind the others of the key, and for an operator when they do.
  /// Nothing when the message is held already; so never call it for the message that is being
  /// handled, which may be a replay: that ends with the message's removal.
  void hand_over(StatementExecutor& tx, HeldMessage const& message) const;

  // For operators.

  /// In the order of subscriber, channel and key.
  [[nodiscard]] std::vector<HeldKeySummary> keys(StatementExecutor& tx,
                                                 HeldFilter const& filter) const;
  /// Oldest first.
  [[nodiscard]] std::vector<HeldMessage> messages(StatementExecutor& tx, HeldFilter const& filter,
                                                  std::size_t max) const;
  /// All that `messages` would give.
  [[nodiscard]] std::size_t count(StatementExecutor& tx, HeldFilter const& filter) const;
  /// Asks the services to replay the keys; how many keys that are. They do it within seconds.
  std::size_t request_retry(StatementExecutor& tx, HeldFilter const& filter) const;
  /// Removes a message for good; false when it does not exist. When it was the first of its key,
  /// those behind it are replayed.
  bool drop(StatementExecutor& tx, std::string_view subscriber_id,
            std::string_view message_id) const;

 private:
  void insert(StatementExecutor& tx, HeldMessage const& message, HeldCause cause) const;
  Rows execute(StatementExecutor& tx, std::string const& sql, Parameters parameters) const;
  struct Locked {
    bool requested{};
    std::int64_t count{};
  };
  /// Nothing when the key is not held, or what `statement` does not wait for.
  [[nodiscard]] std::optional<Locked> lock(StatementExecutor& tx, HeldKey const& key,
                                           std::string const& statement) const;
  [[nodiscard]] std::optional<FirstHeld> first_by(StatementExecutor& tx, HeldKey const& key,
                                                  std::string const& statement) const;
  [[nodiscard]] std::optional<HeldMessage> first_of(StatementExecutor& tx,
                                                    HeldKey const& key) const;
  void free_if_empty(StatementExecutor& tx, HeldKey const& held) const;
  void request(StatementExecutor& tx, HeldKey const& key, bool wanted) const;
  [[nodiscard]] std::string holds_message() const;

  std::string key_table_;
  std::string message_table_;
  HeldCauseColumn cause_;
  std::string hold_key_statement_;
  std::string hand_over_key_statement_;
  std::string join_key_statement_;
  std::string leave_key_statement_;
  std::string insert_statement_;
  std::string insert_with_cause_statement_;
  std::string request_statement_;
  std::string lock_statement_;
  std::string try_lock_statement_;
  std::string first_statement_;
  std::string delete_statement_;
  std::string free_key_statement_;
};

}  // namespace tram

#pragma GCC visibility pop
