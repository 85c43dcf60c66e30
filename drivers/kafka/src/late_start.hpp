#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "landmark.hpp"
#include "librdkafka.hpp"
#include "tram/base/error.hpp"
#include "tram/broker/record.hpp"

namespace tram::kafka {

/// How a group begins that wants nothing of what was there before it
/// (`ConsumerMode::Start::latest`). The end of each partition is stored before anything is read.
/// What has no position later came after the group, and is read from its beginning. Asks the
/// cluster, and waits for it. For one thread at a time.
class LateStart {
 public:
  struct Group {
    /// For the words of errors.
    std::string about;
    std::string owner;
    std::span<std::string const> channels;
    /// Of the channels: the group was there before their topics, as this process knows.
    std::set<std::string> known;
  };
  LateStart(rd_kafka_t* client, Group group);

  /// To be noted beside each position: which channels the group has.
  [[nodiscard]] std::vector<std::uint32_t> const& begun() const { return note_.begun; }
  /// Before the group is joined: while it has no members the coordinator takes positions from
  /// anybody, so that all ends are stored at once. Nothing, or what went wrong.
  [[nodiscard]] std::optional<Error> begin();
  /// Every partition that was there before the group has a position. False where members of the
  /// group that are at work did not let them be stored.
  [[nodiscard]] bool has_begun() const { return newborn_.empty(); }
  /// As rd_kafka_committed, for partitions that this member was given. Where nothing is stored, a
  /// position is stored first.
  rd_kafka_resp_err_t look_up(rd_kafka_topic_partition_list_t* partitions,
                              std::chrono::milliseconds timeout);

 private:
  using Code = rd_kafka_resp_err_t;
  using List = rd_kafka_topic_partition_list_t;

  void store_ends();
  [[nodiscard]] PartitionsHandle all_partitions() const;
  /// Of these, without a position, in channels where the group was not before.
  [[nodiscard]] PartitionsHandle newborn(List const* partitions) const;
  [[nodiscard]] std::set<std::uint32_t> channels_begun(List const* stored) const;
  [[nodiscard]] PartitionsHandle unstored(List const* stored) const;
  /// The answers are in the entries.
  void store(List* positions) const;
  void take(List const* positions, List* partitions) const;
  void require(Code code, std::string const& what) const;
  void require_each(List const* partitions, std::string const& what) const;

  rd_kafka_t* client_;
  std::string about_;
  std::set<std::string> channels_;
  std::set<std::uint32_t> known_;
  PositionNote note_;
  /// Those that have none, until the first assignment.
  std::set<TopicPartition> newborn_;
};

}  // namespace tram::kafka
