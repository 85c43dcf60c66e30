#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "tram/base/detail/memory.hpp"
#include "tram/base/log.hpp"
#include "tram/base/time.hpp"
#include "tram/subscriber/subscriber_options.hpp"
#include "tram/subscriber/subscription.hpp"
#include "tram/subscriber/workers.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Broker;
class Database;
class Random;

/// What a subscriber works with; all of it outlives the subscriber.
struct SubscriberParts {
  Database& database;
  Broker& broker;
  Workers& workers;
  Clock& clock;
  /// Callable from any thread.
  Random& random;
  Logger logger{};
};

/// Since the subscriber was made. Messages, where nothing else is said.
struct SubscriptionCounters {
  /// Records; those that came again count again.
  std::uint64_t delivered{};
  std::uint64_t handled{};
  std::uint64_t duplicates{};
  /// Attempts whose handler threw.
  std::uint64_t failures{};
  /// With their own reason; includes records that are no message.
  std::uint64_t held{};
  std::uint64_t held_behind{};
  std::uint64_t replayed{};
  /// Runs of a replay whose handler threw.
  std::uint64_t replay_failures{};
  /// Records held because they are no message.
  std::uint64_t malformed{};
  /// Partitions revoked.
  std::uint64_t rebalances{};
  /// Records that the broker removed before they were delivered: lost to this subscription.
  std::uint64_t expired{};
};

struct SubscriptionStatus {
  std::string subscriber_id;
  SubscriptionCounters counters;
  /// Partitions owned now.
  std::size_t partitions{};
  /// Delivered and neither handled nor held yet; running now.
  std::size_t waiting{};
  std::size_t running{};
  /// The breaker is open: nothing is tried for a while; `trouble` says why.
  bool paused{};
  /// Other services that use the same subscriber id, and take a part of the messages.
  std::vector<std::string> shared_with{};
  /// When a message was finished last, or there was none to finish.
  SteadyTime last_progress{};
  /// What is wrong, empty when all is well.
  std::string trouble;
};

/// Runs subscriptions: takes records from the broker and gives their messages to the handlers, on
/// the workers, in order per key. Delivery is at least once; the inbox makes the effect of a
/// handler in its database happen exactly once.
///
/// Every message is handled in one transaction with its inbox row. A handler that throws never ends
/// the subscription: its message is retried, then held with its key, and other keys continue. A
/// record is acknowledged to the broker only when it and all before it are handled or held.
///
///     tram::WorkerPool workers{8};
///     tram::Subscriber subscriber{{database, *broker, workers, clock, random}, {},
///                                 {{"arrivals", {"shipments"}, handle_shipment}}};
///     subscriber.run(stop);  // until a stop is requested
class Subscriber final {
 public:
  /// Throws: rejected, for a subscriber id that is used twice, an illegal channel, no channel.
  Subscriber(SubscriberParts parts, SubscriberOptions options,
             std::vector<Subscription> subscriptions);
  /// Waits for the handlers that run. Leaves the groups as a crash would: only `run` ends in order.
  ~Subscriber();
  Subscriber(Subscriber const&) = delete;
  Subscriber& operator=(Subscriber const&) = delete;

  /// One round of the loop, for simulations and tests: takes records and results, and starts what
  /// can run. Never waits: the workers do what needs the database. False when there was nothing to
  /// do. The same thread as `run`, or none.
  bool step();
  /// When `step` must be called though nothing woke it.
  [[nodiscard]] SteadyTime next_step() const;
  /// Works until a stop is requested. Then it waits for running handlers, acknowledges them, leaves
  /// the groups and returns. Messages that no worker had begun are dropped and come again. Throws
  /// nothing: every failure is retried, and is in the status. Call it once.
  void run(std::stop_token stop);

  /// Callable from any thread; never waits.
  [[nodiscard]] std::vector<SubscriptionStatus> status() const;
  /// No message waits, runs or is being replayed, and the last poll of each consumer found nothing.
  /// Callable from any thread; never waits.
  [[nodiscard]] bool idle() const;

 private:
  class Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace tram

#pragma GCC visibility pop
