#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "consumer_store.hpp"
#include "event_signal.hpp"
#include "offset.hpp"
#include "tram/base/mutex.hpp"

namespace tram::embedded {

/// One channel in memory. Callable from any thread.
class MemoryChannel {
 public:
  /// `records_max` per partition; 0 keeps all.
  MemoryChannel(std::string name, std::int32_t partitions, std::size_t records_max);

  [[nodiscard]] std::int32_t partitions() const {
    return static_cast<std::int32_t>(partitions_.size());
  }
  /// Appends where Kafka would put this key, and rings.
  void append(std::string_view key, std::string_view value, SteadyTime visible_at);
  /// Records that are visible at `now`; see ConsumerStore::read.
  Offset read(std::int32_t partition, Offset from, std::size_t max, SteadyTime now,
              std::vector<ConsumerEvent>& events) const;
  [[nodiscard]] Offset end(std::int32_t partition) const;
  void listen(std::shared_ptr<EventSignal> signal);
  void forget(std::shared_ptr<EventSignal> const& signal);

 private:
  struct Stored {
    std::string key;
    std::string value;
    SteadyTime visible_at;
  };
  struct Partition {
    Offset first{};
    std::deque<Stored> records;
    [[nodiscard]] Offset end() const { return first + static_cast<Offset>(records.size()); }
  };

  std::string const name_;
  std::size_t const records_max_;
  mutable Mutex mutex_;
  // The vector itself never changes.
  std::vector<Partition> partitions_;
  std::vector<std::shared_ptr<EventSignal>> listeners_ TRAM_GUARDED_BY(mutex_);
};

/// All channels and all groups' positions. Callable from any thread. Channels are never removed.
class MemoryLog {
 public:
  explicit MemoryLog(std::size_t records_max) : records_max_{records_max} {}

  /// Nothing for a channel that was never created.
  [[nodiscard]] MemoryChannel* find(std::string_view channel);
  [[nodiscard]] std::vector<std::string> missing(std::span<std::string const> channels);
  /// True when it was not there.
  bool create(std::string const& channel, std::int32_t partitions);
  [[nodiscard]] std::optional<Offset> claim(std::string const& group, Claim const& claim);
  void store(std::string const& group, std::span<Progress const> progress);

 private:
  struct Stored {
    Generation generation{};
    std::optional<Offset> next;
  };

  std::size_t const records_max_;
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<MemoryChannel>, std::less<>> channels_
      TRAM_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, TopicPartition>, Stored> progress_ TRAM_GUARDED_BY(mutex_);
};

}  // namespace tram::embedded
