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

namespace tram {

/// How a message is tried again after its handler threw.
struct RetryPolicy {
  /// Runs of the handler in the lane before the message is held, the first one included.
  int attempts_max{4};
  /// Runs in a row whose handler throws `transient`, `conflict`, `broken` or `in_doubt` while the
  /// database answers, before the message is held: what it needs is away for it alone, or for good.
  /// What a statement raises counts only when other messages get on meanwhile, a table or privilege
  /// that is missing (`Error::is_about_setup`) at most once per `BreakerPolicy::open_longest`, and
  /// what is wrong with the database otherwise never does. Where nothing else of the subscription
  /// gets on, the pauses between such runs grow to `BreakerPolicy::open_longest`: 100 take 45
  /// minutes.
  int unavailable_max{100};
  /// The first pause; each further one is `factor` times as long, up to the longest. Between half
  /// of it and all of it is waited, at random.
  Duration pause_first{std::chrono::milliseconds{50}};
  double factor{4};
  Duration pause_longest{std::chrono::seconds{2}};

  /// The longest pause after so many failures (1, 2, …), before the random part.
  [[nodiscard]] Duration pause_after(int failures) const;
};

/// When a subscription stops trying for a while: its database, or something its handlers need, is
/// away.
struct BreakerPolicy {
  /// Different messages in a row that end with `transient`, `conflict`, `broken` or `in_doubt`
  /// before it opens; failures in a row while the database does not answer.
  int failures_max{5};
  /// How long it stays open before one message is tried; doubling up to the longest while that
  /// fails, to two seconds while it is the database that fails or lacks something. Messages that
  /// have not met the trouble yet are tried meanwhile, one per `open_first`.
  Duration open_first{std::chrono::milliseconds{500}};
  Duration open_longest{std::chrono::seconds{30}};
};

struct SubscriptionOptions {
  RetryPolicy retry{};
  BreakerPolicy breaker{};
  /// A held message holds later ones of its key. Off: they are handled, out of order.
  bool hold_key{true};
  /// Messages of different keys that one transaction handles at most, when they are there already.
  /// More is faster, and more is run again when one of them fails. A key never has two in one.
  std::size_t messages_per_transaction{1};
  /// Messages waiting or running, per partition; above, the partition pauses until half are done.
  /// Of one key at most a thirty-second part counts, so that a key with much to do does not keep
  /// the others of its partition from being read; ten times as many may wait then, while all that
  /// waits takes less than 32 MiB.
  std::size_t partition_backlog_max{1000};
  /// One run of the handler with its transaction may take so long: a run that takes longer is
  /// rolled back, and is an attempt that failed unless it was the database that took the time.
  Duration handle_timeout{std::chrono::seconds{30}};
  /// Where a group without a stored position starts.
  ConsumerMode::Start start{ConsumerMode::Start::earliest};
};

/// Channels, a subscriber id, and what to do with each message.
struct Subscription {
  /// Names the consumer group and the inbox rows: change it, and everything is handled again.
  std::string subscriber_id;
  std::vector<std::string> channels;
  MessageHandler handler;
  SubscriptionOptions options{};
  std::vector<HandlerMiddleware> middleware{};
  /// What it handles, for documents.
  std::vector<MessageDescription> messages{};
  /// Of its handler; shown by the service that it runs in.
  std::vector<Metric> metrics{};
};

/// Refuses a subscription that could not run, naming it: no subscriber id (1 to 255 bytes, no
/// control characters) or one that `others` have, no channel or one that no broker takes, no
/// handler, options that allow nothing. Faults: rejected.
void require_runnable(Subscription const& subscription, std::vector<Subscription> const& others,
                      NameMapping const& channel_mapping);

}  // namespace tram
