#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event_signal.hpp"
#include "offset.hpp"
#include "tram/base/mutex.hpp"
#include "tram/broker/record.hpp"

namespace tram::embedded {

/// One partition, as this process knows it.
struct FilePartition {
  FilePartition(std::int64_t row, Offset behind_last) : id{row}, end{behind_last} {}

  std::int64_t const id;
  /// Behind the last record that was committed. Readable by any thread; set in the write turn.
  std::atomic<Offset> end;
  /// When its oldest records are looked at next, in milliseconds of the epoch. For the write turn.
  std::int64_t next_look{};
  /// What was looked at and is stamped ahead of time: below here. For the write turn.
  Offset ahead_until{};
  /// What is known to be too old, whatever it is stamped with: below here. For the write turn.
  Offset old_until{};
};

/// One channel. Callable from any thread.
class FileChannel {
 public:
  explicit FileChannel(std::string name) : name_{std::move(name)} {}

  /// In the order of their numbers, before anybody else knows the channel.
  FilePartition& add_partition(std::int64_t id, Offset end) {
    return partitions_.emplace_back(id, end);
  }
  [[nodiscard]] std::string const& name() const { return name_; }
  [[nodiscard]] std::int32_t partitions() const {
    return static_cast<std::int32_t>(partitions_.size());
  }
  [[nodiscard]] FilePartition& partition(std::int32_t number) {
    return partitions_[static_cast<std::size_t>(number)];
  }
  void listen(std::shared_ptr<EventSignal> signal);
  void forget(std::shared_ptr<EventSignal> const& signal);
  /// Tells everybody who listens.
  void ring();

 private:
  std::string const name_;
  // Never moved, since others keep references.
  std::deque<FilePartition> partitions_;
  Mutex mutex_;
  // Shared with the consumers, each of which may end while it is told something.
  std::vector<std::shared_ptr<EventSignal>> listeners_ TRAM_GUARDED_BY(mutex_);
};

/// All channels. Callable from any thread. Channels are never removed.
class FileChannels {
 public:
  /// Null for a channel that was never created.
  [[nodiscard]] FileChannel* find(std::string_view name);
  void add(std::unique_ptr<FileChannel> channel);

 private:
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<FileChannel>, std::less<>> channels_
      TRAM_GUARDED_BY(mutex_);
};

}  // namespace tram::embedded
