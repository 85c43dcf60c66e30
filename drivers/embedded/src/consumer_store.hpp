#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "group_core.hpp"
#include "offset.hpp"
#include "tram/broker/consumer.hpp"

namespace tram::embedded {

/// How far a group has come in a partition.
struct Progress {
  TopicPartition partition;
  /// The one in which the partition was taken.
  Generation generation{};
  Offset next{};
};

/// Where one consumer finds records and keeps its group's positions. One thread only. Faults of all
/// calls: transient, and rejected for a file that is not what it was.
class ConsumerStore {
 public:
  virtual ~ConsumerStore() = default;
  /// The position behind the partition's last record.
  [[nodiscard]] virtual Offset end(TopicPartition const& partition) = 0;
  /// Appends deliveries from `from` on, at most `max`, and returns where to read on. When it
  /// raises, `events` may have got some; the caller drops them.
  virtual Offset read(TopicPartition const& partition, Offset from, std::size_t max,
                      std::vector<ConsumerEvent>& events) = 0;
  /// The group's stored position, if there is one. From now on nothing is stored for this partition
  /// under an older generation.
  virtual std::optional<Offset> claim(std::string const& group, Claim const& claim) = 0;
  /// Stores all or nothing; leaves out what a newer generation has claimed.
  virtual void store(std::string const& group, std::span<Progress const> progress) = 0;
};

}  // namespace tram::embedded
