#pragma once

#include <stop_token>

#include "tram/base/deadline.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/log.hpp"
#include "tram/base/mutex.hpp"
#include "tram/base/time.hpp"
#include "tram/base/wake_up.hpp"
#include "tram/relay/relay_options.hpp"
#include "tram/relay/relay_status.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Broker;
class ChangeSource;
class HeldRowStore;
class OutboxRetention;
class Random;

/// What a relay works with; all of it outlives the relay.
struct RelayParts {
  ChangeSource& source;
  Broker& broker;
  HeldRowStore& held;
  /// Nothing: old rows stay.
  OutboxRetention* retention{};
  Clock& clock;
  Random& random;
  Logger logger{};
};

/// Publishes one outbox: rows from a change source to a broker, at least once, and in order per
/// destination and key counted by first occurrences.
///
/// A row that can never be published (broken headers, no payload, an illegal channel, refused by
/// the broker) is stored with its reason and counts as done; later rows of its key are stored
/// behind it, until an operator has it published again or drops it. Rows of the key that were
/// already on their way to the broker when it refused may land before it; everything that can be
/// checked before is.
///
/// When a producer is broken, everything from the first unacknowledged row on is read and published
/// again: later records may have landed, so retrying one alone would break the order.
///
///     auto const source = tram::sqlite::change_source({.path = "orders.db"}, clock);
///     tram::SqlHeldRowStore held{database, tram::SchemaName{}, *source};
///     tram::Relay relay{{*source, *broker, held, nullptr, clock, random}, {}};
///     relay.run(stop);  // until a stop is requested
class Relay final {
 public:
  Relay(RelayParts parts, RelayOptions options);
  ~Relay();
  Relay(Relay const&) = delete;
  Relay& operator=(Relay const&) = delete;

  /// One round of the loop, for simulations and tests; waits for nothing but the databases behind
  /// `HeldRowStore` and `OutboxRetention` and for `Broker::create_channels`, when it needs them.
  /// False when there was nothing to do: call again when a descriptor is ready, or at `next_step`.
  /// Throws nothing: every failure is retried. The same thread as `run`, or none.
  bool step();
  /// When `step` wants to be called though no descriptor is ready.
  [[nodiscard]] SteadyTime next_step() const;
  /// Works until a stop is requested, then lets finish what `RelayOptions::drain` says, stores the
  /// position and returns.
  void run(std::stop_token stop);

  /// Makes the loop read the source now. Callable from any thread; never waits.
  void wake() noexcept;
  /// Callable from any thread; never waits.
  [[nodiscard]] RelayStatus status() const TRAM_EXCLUDES(mutex_);
  /// Callable from any thread; never waits.
  [[nodiscard]] RelayReadiness readiness() const TRAM_EXCLUDES(mutex_);

 private:
  class Loop;
  void publish_committed(Deadline deadline);
  void drain();
  void wait();
  void publish_status();

  Clock& clock_;
  Logger logger_;
  RelayOptions options_;
  WakeUp wake_up_{"relay"};
  std::unique_ptr<Loop> loop_;
  mutable Mutex mutex_;
  RelayStatus status_ TRAM_GUARDED_BY(mutex_);
};

}  // namespace tram

#pragma GCC visibility pop
