#pragma once

#include <string>

#include "tram/base/detail/function.hpp"
#include "tram/broker/record.hpp"
#include "tram/wire/message.hpp"

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
};

/// Handles one message, in a transaction that already holds its inbox row: whatever the handler
/// writes there happens once in effect. The transaction commits after it returns.
///
/// Called from a worker thread; messages of one (channel, partition, key) one after the other,
/// others at the same time. What it throws decides: `Error` with `transient`, `broken` or
/// `in_doubt` does not count as an attempt (the message is tried again after a pause, and the
/// subscription pauses when many messages meet that; `RetryPolicy::unavailable_max` ends it);
/// `conflict` runs it again at once; `malformed` holds the message at once; anything else is an
/// attempt, a run longer than `handle_timeout` too, and when those are used up the message is held.
///
/// It must not open a second transaction on the same database: that is `rejected`.
using MessageHandler = std::function<void(Transaction& tx, IncomingMessage const& incoming)>;

}  // namespace tram
