#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tram/base/detail/function.hpp"
#include "tram/broker/record.hpp"
#include "tram/wire/message.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// In tram/sql/transaction.hpp.
class Transaction;

/// A message on its way to a handler, with where it came from.
struct IncomingMessage {
  Message message;
  /// The subscription that received it, before mapping.
  std::string subscriber_id;
  /// The record it came in. `source.channel` is the broker's name of the channel, after mapping.
  TopicPartition source;
  Position position{};
  /// Ordering key: the record's, or the message's own inside a multi-message. A held message blocks
  /// later ones with the same key. Keys over 700 bytes are cut, with a hash at the end.
  std::string key;
  /// 1 the first time it is given to the handler by this process; a replay of a held message
  /// continues the count.
  int attempt{1};

  [[nodiscard]] std::string const& id() const { return message.id(); }
  /// The value, valid as long as the message; nothing when absent.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    return message.headers.find(name);
  }
};

/// Handles one message, in a transaction that already holds its inbox row: the handler's writes
/// there happen exactly once in effect. The transaction commits after it returns.
///
/// Called from a worker thread; messages of one (channel, partition, key) one after the other,
/// others at the same time. If it throws `Error` with `transient`, `broken` or `in_doubt`, that is
/// no attempt: the message is retried after a pause, `RetryPolicy::unavailable_max` times, and the
/// subscription pauses when many messages fail so. `conflict` runs it again at once. `malformed`
/// holds the message at once. Any other exception is an attempt, and so is a run longer than
/// `handle_timeout`. When the attempts are used up, the message is held.
///
/// It must not open a second transaction on the same database: that is `rejected`.
using MessageHandler = std::function<void(Transaction& tx, IncomingMessage const& incoming)>;

}  // namespace tram

#pragma GCC visibility pop
