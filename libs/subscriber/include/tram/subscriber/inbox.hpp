#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/detail/chrono.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/sql/statement_executor.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// What `Inbox::receive` found.
enum class InboxResult {
  /// Not handled before, and nothing of its key is held: handle it.
  fresh,
  /// Handled (or held) before: skip it.
  duplicate,
  /// Not handled before, and its key is held: it must be held behind the others.
  key_is_held,
};

/// Names a key whose messages may be held.
struct HeldKey {
  std::string subscriber_id;
  /// The broker's name of the channel.
  std::string channel;
  std::string key;
  friend auto operator<=>(HeldKey const&, HeldKey const&) = default;
};

/// A message that came in.
struct InboxEntry {
  HeldKey key;
  std::string message_id;
};

/// The messages that subscriptions of one database have handled: table `received_messages`
/// (contract: core 1.3 and 5.3). Ids and keys that no database takes as text are kept in Base64. A
/// value; callable from any thread.
///
///     tram::Inbox const inbox{database.dialect(), schema};
///     database.transact([&](tram::Transaction& tx) {
///       if (inbox.receive(tx, "arrivals", message.id())) handle(tx, message);  // else a duplicate
///     });
class Inbox final {
 public:
  Inbox(Dialect const& dialect, SchemaName const& schema);

  /// Writes the inbox row of a message, unless it exists, and reads whether its key is held: in one
  /// statement on a server, in two on SQLite. A duplicate is never an error and never spoils the
  /// transaction. Waits for a transaction that writes the same row at this moment. Throws: the
  /// errors of the driver.
  InboxResult receive(StatementExecutor& tx, HeldKey const& key, std::string_view message_id) const;
  /// The same for several messages of one subscriber, with an answer for each: in one statement on
  /// a server, message by message on SQLite. When two have one id, the second is a duplicate.
  std::vector<InboxResult> receive(StatementExecutor& tx,
                                   std::span<InboxEntry const> arrivals) const;
  /// The same without keys; true when it is the first time.
  bool receive(StatementExecutor& tx, std::string_view subscriber_id,
               std::string_view message_id) const;

  /// Writes nothing, and fails where `receive` could not write. Throws: the errors of the driver.
  void require_writable(StatementExecutor& tx) const;

  /// Forgets messages that these subscribers handled longer than `age` ago, a thousand at most; how
  /// many it forgot: call it again while it is a thousand. Rows of others are not ours to remove: a
  /// Java service may share the table. `age` must be at least how long the broker keeps records, or
  /// a message delivered again after that has its effect again. A row that was stamped by a clock
  /// that was ahead keeps no other one.
  std::size_t forget_some(StatementExecutor& tx, std::span<std::string const> subscriber_ids,
                          std::chrono::milliseconds age) const;
  /// Now, since the epoch, by the clock that stamps the rows.
  [[nodiscard]] std::chrono::milliseconds now(StatementExecutor& tx) const;

 private:
  InboxResult receive_then_look(StatementExecutor& tx, HeldKey const& key,
                                std::string_view message_id) const;

  void (*append_to_list_)(std::string& list, std::string_view element);
  std::string receive_statement_;
  std::string receive_and_look_statement_;
  /// Empty where messages are received one by one.
  std::string receive_all_statement_;
  /// Empty where one statement does both. A second one is as good where nobody else can hold a key
  /// once this transaction has written.
  std::string look_statement_;
  std::string writable_statement_;
  std::string now_statement_;
  std::string table_;
  /// Empty where rows are numbered in the order in which they came.
  std::string forget_statement_;
  std::string row_number_;
  std::string unindexed_;
};

}  // namespace tram

#pragma GCC visibility pop
