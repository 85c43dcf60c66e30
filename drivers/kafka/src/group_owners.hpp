#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "event_descriptor.hpp"
#include "landmark.hpp"
#include "librdkafka.hpp"
#include "tram/base/time.hpp"
#include "tram/broker/record.hpp"

namespace tram::kafka {

/// On whose behalf the members of a group take part: each stores it beside its positions, where the
/// others read it. (Members could also be described by the cluster, but librdkafka 2.0.2 cannot ask
/// that safely, and their client ids are for the users' quotas.) The destructor waits for an answer
/// that is open, so it goes before the client.
class GroupOwners {
 public:
  /// `news` rings with an answer. Without an owner nothing is asked or told.
  GroupOwners(rd_kafka_t* client, EventDescriptor const& news, std::string const& owner,
              std::vector<std::string> channels, std::vector<std::uint32_t> begun);

  /// Stores the owner beside a position, the landmark of its topic, and where the group has begun.
  void sign(rd_kafka_topic_partition_t& position, std::optional<Landmark> const& landmark) const;
  /// The position was stored by nobody of this owner's.
  [[nodiscard]] bool is_foreign(PositionNote const& note) const;
  /// Partitions were assigned or revoked: what was read before says nothing any more.
  void begin(SteadyTime now);
  void end() { next_look_ = SteadyTime::max(); }
  [[nodiscard]] bool wants_to_look(SteadyTime now) const { return !asking_ && now >= next_look_; }
  /// Asks about all partitions but those that are owned.
  void look(std::set<TopicPartition> owned);
  /// Others' owners, when that changed.
  std::optional<std::vector<std::string>> take(SteadyTime now);

 private:
  using Owners = std::map<TopicPartition, std::string>;
  [[nodiscard]] Owners read(std::set<TopicPartition> const& owned) const;
  [[nodiscard]] PartitionsHandle without(std::set<TopicPartition> const& owned) const;

  rd_kafka_t* client_;
  EventDescriptor const& news_;
  /// As it is stored.
  std::string owner_;
  std::vector<std::string> channels_;
  std::vector<std::uint32_t> begun_;
  SteadyTime next_look_{SteadyTime::max()};
  /// Of the look before: what two of them find is so.
  std::optional<Owners> before_;
  std::vector<std::string> told_;
  bool asking_{};
  /// The answer is of a time before `begin`.
  bool outdated_{};
  std::optional<Owners> answer_;
  /// Whether that is the answer.
  std::atomic<bool> answered_{};
  std::jthread thread_;
};

}  // namespace tram::kafka
