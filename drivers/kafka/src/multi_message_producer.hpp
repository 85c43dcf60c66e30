#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kafka_producer.hpp"
#include "linger.hpp"
#include "tram/wire/multi_message.hpp"

namespace tram::kafka {

/// Puts what is submitted into as few records as possible, as the Java relay does when it batches:
/// the messages of one partition share a record, under the key of the first. One record of a
/// partition is on its way; what comes meanwhile goes with the next one. A record that is not full
/// waits for further messages as long as `linger`, but no longer than they keep coming, and not
/// when many wait already. While the number of partitions is not known, only messages of one key
/// share a record, and nothing waits.
class MultiMessageProducer final : public Producer {
 public:
  struct Options {
    /// Messages that are open at most.
    std::size_t window{};
    std::size_t bytes_max{};
    Duration linger{};
  };
  /// What it needs of the producer of records beside the seam.
  struct Below {
    /// How many partitions a channel has, 0 while that is unknown.
    std::function<std::int32_t(std::string_view channel)> partitions;
    /// Makes its descriptor readable.
    std::function<void()> ring;
  };

  /// What a refusal teaches about the size of records is kept in `record_bytes`, which is shared
  /// with later producers.
  MultiMessageProducer(std::unique_ptr<Producer> records, Below below, Options options,
                       std::shared_ptr<BatchBytes> record_bytes, Clock const& clock);

  bool submit(RecordView const& record, Sequence sequence) override;
  std::vector<Completion> completions() override;
  [[nodiscard]] int descriptor() const override { return linger_.get(); }

 private:
  struct Batch {
    std::string channel;
    /// Of which one is on its way at most; empty where nobody waits for another.
    std::string group{};
    /// Under which name it takes further messages, if it still does.
    std::string grows_as{};
    SteadyTime since{};
    MultiMessage messages{};
    std::vector<Sequence> sequences{};
    std::size_t bytes{};
  };
  using Waiting = std::list<Batch>;

  std::int32_t partitions_of(std::string_view channel);
  Batch& batch_for(RecordView const& record, std::size_t bytes);
  void hand_over_waiting();
  [[nodiscard]] bool grows(Batch const& batch) const;
  /// When it goes: in the past at once, never before the one on its way has landed.
  [[nodiscard]] SteadyTime due(Batch const& batch) const;
  bool hand_over(Batch& batch);
  void take(Completion const& completion, std::vector<Completion>& completions);
  void finish(Sequence first, Error error, std::vector<Completion>& completions);

  std::unique_ptr<Producer> records_;
  Below below_;
  Options options_;
  std::shared_ptr<BatchBytes> record_bytes_;
  Clock const& clock_;
  Linger linger_;
  /// Not handed over, in the order of their first messages.
  Waiting waiting_;
  std::size_t waiting_messages_{};
  SteadyTime submitted_at_{};
  /// Which of them takes further messages of a group.
  std::unordered_map<std::string, Waiting::iterator> growing_;
  /// Groups with a record on its way.
  std::unordered_set<std::string> flying_;
  std::map<std::string, std::int32_t, std::less<>> partitions_;
  std::unordered_map<Sequence, Batch> handed_over_;
  Sequence last_record_{};
  std::size_t open_{};
  bool finished_{};
};

}  // namespace tram::kafka
