#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tram/base/time.hpp"
#include "tram/broker/consumer_mode.hpp"
#include "tram/messaging/channel_mapping.hpp"
#include "tram/messaging/incoming_message.hpp"
#include "tram/messaging/interceptor.hpp"
#include "tram/messaging/message_description.hpp"
#include "tram/metrics/metric.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// How a message is retried after its handler threw.
struct RetryPolicy {
  /// Runs of the handler in the lane before the message is held, the first one included.
  int attempts_max{4};
  /// Consecutive infrastructure failures (`transient`, `conflict`, `broken` or `in_doubt` from the
  /// handler) allowed while the database answers; then the message is held. An error of a statement
  /// counts only if other messages are handled meanwhile. A missing table or privilege
  /// (`Error::is_about_setup`) counts at most once per `BreakerPolicy::open_longest`. Other faults
  /// of the database never count. If no other message of the subscription is handled, the pauses
  /// grow to `BreakerPolicy::open_longest`: 100 failures take about 45 minutes.
  int unavailable_max{100};
  /// The first pause; each further one is `factor` times as long, up to the longest. The actual
  /// pause is random, between half and all of it.
  Duration pause_first{std::chrono::milliseconds{50}};
  double factor{4};
  Duration pause_longest{std::chrono::seconds{2}};

  /// The longest pause after so many failures (1, 2, …), before the random part.
  [[nodiscard]] Duration pause_after(int failures) const;
};

/// When a subscription pauses: its database, or something its handlers need, does not work.
struct BreakerPolicy {
  /// Different messages in a row that end with `transient`, `conflict`, `broken` or `in_doubt`
  /// before it opens; failures in a row while the database does not answer.
  int failures_max{5};
  /// How long it stays open before one message is tried; doubles up to `open_longest` while that
  /// fails, up to two seconds while the database fails or lacks something. Messages that have not
  /// failed yet are tried meanwhile, one per `open_first`.
  Duration open_first{std::chrono::milliseconds{500}};
  Duration open_longest{std::chrono::seconds{30}};
};

struct SubscriptionOptions {
  RetryPolicy retry{};
  BreakerPolicy breaker{};
  /// A held message blocks later ones of its key. Off: they are handled, out of order.
  bool hold_key{true};
  /// Maximum number of messages of different keys that one transaction handles. More is faster, and
  /// more is run again when one of them fails. Two messages of one key are never in one
  /// transaction.
  std::size_t messages_per_transaction{1};
  /// Messages waiting or running, per partition; above, the partition pauses until half are done.
  /// Of one key at most a thirty-second part counts, so that a key with much to do does not keep
  /// the others of its partition from being read; ten times as many may wait then, while all that
  /// waits takes less than 32 MiB.
  std::size_t partition_backlog_max{1000};
  /// Maximum time of one run of the handler with its transaction. A longer run is rolled back, and
  /// is a failed attempt unless the database took the time.
  Duration handle_timeout{std::chrono::seconds{30}};
  /// Where a group without stored positions starts.
  ConsumerMode::Start start{ConsumerMode::Start::earliest};
};

/// Channels, a subscriber id, and what to do with each message.
struct Subscription {
  /// Names the consumer group and the inbox rows: change it, and everything is handled again.
  std::string subscriber_id;
  std::vector<std::string> channels;
  MessageHandler handler;
  SubscriptionOptions options{};
  /// Inside those of the subscriber. They hear of what is received and handled.
  Interceptors interceptors{};
  /// The messages that it handles, for documents.
  std::vector<MessageDescription> messages{};
  /// Of its handler; shown by the service that it runs in.
  std::vector<Metric> metrics{};
};

/// Refuses a subscription that could not run, naming it: no subscriber id (1 to 255 bytes, no
/// control characters) or one that `others` have, no channel or one that no broker takes, no
/// handler, options that allow nothing. Throws: rejected.
void require_runnable(Subscription const& subscription, std::vector<Subscription> const& others,
                      NameMapping const& channel_mapping);

}  // namespace tram

#pragma GCC visibility pop
