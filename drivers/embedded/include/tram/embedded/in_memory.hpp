#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "tram/base/detail/memory.hpp"
#include "tram/base/stop.hpp"
#include "tram/base/time.hpp"
#include "tram/broker/broker.hpp"

#pragma GCC visibility push(default)

namespace tram::embedded {

/// How a broker in memory behaves.
struct InMemoryConfig {
  /// Partitions of a channel that is created without a number of partitions.
  std::int32_t partitions{4};
  /// The largest value of a record, in bytes.
  std::size_t record_bytes_max{1'000'000};
  /// Records that a producer holds until its completions are taken.
  std::size_t window{10'000};
  /// Records kept per partition, the oldest going first; 0 keeps all.
  std::size_t records_max{0};
  /// A member that did not poll for this long loses its partitions when another member polls.
  Duration session_timeout{std::chrono::seconds{10}};
};

struct InMemoryState;

/// A broker that lives in this process and dies with it: for tests, simulations, and programs that
/// need no more.
///
/// Thread-safe as the seam asks. Used by one thread it is deterministic: it starts no threads,
/// draws no random numbers, and reads the time only from the given clock. A record is visible to
/// consumers as soon as `submit` has taken it. Producers and consumers may outlive the broker.
///
///     tram::ManualClock clock;
///     auto const broker = tram::embedded::in_memory_broker({.partitions = 2}, clock);
///     broker->rebalance("arrivals");  // what a group must survive
class InMemoryBroker final : public Broker {
 public:
  /// `clock` must outlive the broker and whatever it gave out.
  InMemoryBroker(InMemoryConfig const& config, Clock& clock);
  ~InMemoryBroker() override;
  InMemoryBroker(InMemoryBroker const&) = delete;
  InMemoryBroker& operator=(InMemoryBroker const&) = delete;

  [[nodiscard]] BrokerTraits traits() const override;
  std::unique_ptr<Producer> producer() override;
  std::unique_ptr<Consumer> subscribe(ConsumerMode const& mode,
                                      std::span<std::string const> channels,
                                      std::stop_token const& stop = no_stop()) override;
  void ping(Deadline /*deadline*/, std::stop_token const& /*stop*/ = no_stop()) override {}
  std::vector<std::string> create_channels(std::span<std::string const> channels,
                                           std::int32_t partitions, Deadline deadline,
                                           std::stop_token const& stop = no_stop()) override;

  // What can go wrong with a broker, on demand. A consumer that crashes is one whose destructor
  // runs without `close`. Callable from any thread; none waits, none throws.

  /// Every partition of the group is revoked in the usual two steps and goes to another member, or
  /// back to the only one.
  void rebalance(std::string const& group);
  /// All members lose their partitions at once, as if they had been silent for too long. They join
  /// again at their next polls, and get records again that they acknowledged since their last
  /// polls.
  void expire_members(std::string const& group);
  /// From now on records become visible this long after their submission, in order; zero ends it.
  /// No consumer is woken when the time comes: poll.
  void delay(Duration delay);
  /// Breaks all current producers. Records that they were given have landed, whether their
  /// completions were taken or not; later ones are lost.
  void break_producers();

 private:
  // Shared with the producers and consumers, which may outlive the broker.
  std::shared_ptr<InMemoryState> state_;
};

/// Throws: rejected, for a configuration without partitions or window.
std::unique_ptr<InMemoryBroker> in_memory_broker(InMemoryConfig const& config, Clock& clock);

}  // namespace tram::embedded

#pragma GCC visibility pop
