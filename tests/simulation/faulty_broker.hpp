#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "chaos.hpp"
#include "sabotage.hpp"
#include "tram/broker/broker.hpp"

namespace tram::simulation {

struct LandedRecord {
  std::string channel;
  std::string key;
  std::string value;
};

/// What the world knows of the traffic with the broker, over all processes.
struct Traffic {
  /// How often all producers of the time were broken: what those still take is lost.
  std::size_t breaks{};
  std::vector<LandedRecord> landed;
  /// (channel, key) of records that the broker refused once: others of the key, already on their
  /// way, may have landed before them.
  std::set<std::pair<std::string, std::string>> refused;
  /// Messages that were held though their handlers only met what counts for nothing.
  std::size_t held_for_nothing{};
};

/// Highest record that a handler of one process has seen to its end, per partition.
using Finished = std::map<TopicPartition, Position>;

struct FaultyBrokerParts {
  Broker& inner;
  Lifeline& line;
  Traffic& traffic;
  Finished const& finished;
  Sabotage sabotage{Sabotage::none};
};

/// A broker as one process sees it: refused and doubled records, full windows, completions that
/// come late and in any order, lost connections, and death at any call.
class FaultyBroker final : public Broker {
 public:
  explicit FaultyBroker(FaultyBrokerParts const& parts) : parts_{parts} {}

  [[nodiscard]] BrokerTraits traits() const override { return parts_.inner.traits(); }
  std::unique_ptr<Producer> producer() override;
  std::unique_ptr<Consumer> subscribe(ConsumerMode const& mode,
                                      std::span<std::string const> channels,
                                      std::stop_token const& stop = no_stop()) override;
  std::vector<std::string> create_channels(std::span<std::string const> channels,
                                           std::int32_t partitions, Deadline deadline,
                                           std::stop_token const& stop = no_stop()) override;
  void ping(Deadline deadline, std::stop_token const& stop = no_stop()) override;

 private:
  FaultyBrokerParts parts_;
};

}  // namespace tram::simulation
