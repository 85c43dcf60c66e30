#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "producer.hpp"
#include "tram/wire/multi_message.hpp"

namespace tram::kafka {

/// Puts what is submitted between two calls of `completions` into as few records as possible, as
/// the Java relay does when it batches: the messages of one partition share a record, under the key
/// of the first. While the number of partitions is not known, only messages of one key do.
class MultiMessageProducer final : public Producer {
 public:
  struct Options {
    /// Messages that are open at most.
    std::size_t window{};
    std::size_t bytes_max{};
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
                       std::shared_ptr<BatchBytes> record_bytes);

  bool submit(RecordView const& record, Sequence sequence) override;
  std::vector<Completion> completions() override;
  [[nodiscard]] int descriptor() const override { return records_->descriptor(); }

 private:
  struct Batch {
    std::string channel;
    MultiMessage messages{};
    std::vector<Sequence> sequences{};
    std::size_t bytes{};
  };
  [[nodiscard]] std::string group_of(RecordView const& record) const;
  Batch& batch_for(RecordView const& record, std::size_t bytes);
  bool hand_over(Batch& batch);
  void take(Completion const& completion, std::vector<Completion>& completions);
  void finish(Sequence first, Error error, std::vector<Completion>& completions);

  std::unique_ptr<Producer> records_;
  Below below_;
  Options options_;
  std::shared_ptr<BatchBytes> record_bytes_;
  /// Not handed over, in the order of their first messages.
  std::vector<Batch> waiting_;
  /// Which of them takes further messages of a group.
  std::unordered_map<std::string, std::size_t> growing_;
  std::unordered_map<Sequence, Batch> handed_over_;
  Sequence last_record_{};
  std::size_t open_{};
  bool finished_{};
};

}  // namespace tram::kafka
