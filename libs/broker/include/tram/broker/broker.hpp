#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tram/base/deadline.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/stop.hpp"
#include "tram/broker/consumer.hpp"
#include "tram/broker/consumer_mode.hpp"
#include "tram/broker/producer.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The promises of a broker; shown by `doctor`, used by the contract suite.
struct BrokerTraits {
  std::string name;
  /// Records survive a crash of the broker once completed.
  bool durable{};
  /// The largest record value it takes, in bytes; 0 when unknown.
  std::size_t record_bytes_max{};
  /// Several processes may use it at the same time.
  bool shared_by_processes{};
  /// A record for a channel that does not exist completes as `rejected`; otherwise the broker makes
  /// the channel.
  bool refuses_missing_channels{};
  /// murmur2 of the key chooses the partition, as Kafka's own producers do (`murmur2.hpp`): other
  /// producers put the same key into the same partition.
  bool keys_as_kafka{};
};

/// The broker seam. Callable from any thread; the producers and consumers it gives are for one
/// thread each.
///
///     std::vector<std::string> const channels{"shipments"};
///     auto const consumer = broker.subscribe({.group = "arrivals"}, channels);
///     auto const producer = broker.producer();
class Broker {
 public:
  virtual ~Broker() = default;
  [[nodiscard]] virtual BrokerTraits traits() const = 0;
  /// Does not wait for the broker. Throws: transient (not there yet), rejected (configuration,
  /// authorisation).
  virtual std::unique_ptr<Producer> producer() = 0;
  /// Creates the channels that are missing, with the broker's default number of partitions, unless
  /// the mode refuses that. May wait for the broker, as long as the driver is configured to: in
  /// broadcast, "from now on" holds when it returns. A requested `stop` ends the wait at once, as
  /// transient. Throws as above; rejected also for a missing channel that it may not create.
  virtual std::unique_ptr<Consumer> subscribe(ConsumerMode const& mode,
                                              std::span<std::string const> channels,
                                              std::stop_token const& stop = no_stop()) = 0;
  /// Creates the channels that are missing, and returns these; `partitions` 0 means the broker's
  /// default. Waits until the deadline at most, and no longer than until `stop` is requested.
  /// Throws as above.
  virtual std::vector<std::string> create_channels(std::span<std::string const> channels,
                                                   std::int32_t partitions, Deadline deadline,
                                                   std::stop_token const& stop = no_stop()) = 0;
  /// Asks the broker for a sign of life and returns when it came. Waits until the deadline at most,
  /// and no longer than until `stop` is requested. Throws as above.
  virtual void ping(Deadline deadline, std::stop_token const& stop = no_stop()) = 0;
};

}  // namespace tram

#pragma GCC visibility pop
