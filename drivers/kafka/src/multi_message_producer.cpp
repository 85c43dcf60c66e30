#include "multi_message_producer.hpp"

#include <algorithm>
#include <utility>

#include "faults.hpp"
#include "tram/base/error.hpp"
#include "tram/wire/murmur2.hpp"

namespace tram::kafka {
namespace {

/// What surrounds the messages of a record, and what surrounds one of them.
constexpr std::size_t record_frame_bytes{48};
constexpr std::size_t message_frame_bytes{12};
/// The format has two bytes for their number.
constexpr std::size_t messages_max{65'000};

}  // namespace

MultiMessageProducer::MultiMessageProducer(std::unique_ptr<Producer> records, Below below,
                                           Options options,
                                           std::shared_ptr<BatchBytes> record_bytes)
    : records_{std::move(records)},
      below_{std::move(below)},
      options_{options},
      record_bytes_{std::move(record_bytes)} {}

bool MultiMessageProducer::submit(RecordView const& record, Sequence sequence) {
  if (finished_) throw Error{Fault::broken, "kafka: this producer is finished; take a new one"};
  if (open_ >= options_.window) return false;
  // They are handed over with the next call for completions.
  if (waiting_.empty()) below_.ring();
  auto const bytes = message_frame_bytes + record.key.size() + record.value.size();
  auto& batch = batch_for(record, bytes);
  batch.messages.messages.push_back(
      {.headers = {}, .key = std::string{record.key}, .value = std::string{record.value}});
  batch.sequences.push_back(sequence);
  batch.bytes += bytes;
  ++open_;
  return true;
}

/// Of what belongs together: a record goes to the partition of its first message's key.
std::string MultiMessageProducer::group_of(RecordView const& record) const {
  auto const partitions = below_.partitions(record.channel);
  auto group = std::string{record.channel} + "/";
  if (partitions > 0) return group + std::to_string(kafka_partition(record.key, partitions));
  return group.append("key ").append(record.key);
}

MultiMessageProducer::Batch& MultiMessageProducer::batch_for(RecordView const& record,
                                                             std::size_t bytes) {
  auto group = group_of(record);
  auto const bytes_max = std::min(options_.bytes_max, record_bytes_->load());
  if (auto const found = growing_.find(group); found != growing_.end()) {
    auto& batch = waiting_[found->second];
    if (batch.bytes + bytes <= bytes_max && batch.sequences.size() < messages_max) return batch;
  }
  growing_.insert_or_assign(std::move(group), waiting_.size());
  waiting_.push_back({.channel = std::string{record.channel}, .bytes = record_frame_bytes});
  return waiting_.back();
}

std::vector<Completion> MultiMessageProducer::completions() {
  std::vector<Completion> completions;
  if (finished_) return completions;
  growing_.clear();
  auto const rest =
      std::ranges::find_if_not(waiting_, [&](Batch& batch) { return hand_over(batch); });
  waiting_.erase(waiting_.begin(), rest);
  for (auto const& completion : records_->completions()) take(completion, completions);
  open_ -= std::min(open_, completions.size());
  return completions;
}

/// False when the client takes no more now.
bool MultiMessageProducer::hand_over(Batch& batch) {
  auto const& first = batch.messages.messages.front();
  // One that would only be larger for it goes as it is; readers take both.
  bool const plain = batch.sequences.size() == 1 && batch.bytes > options_.bytes_max;
  auto const value = plain ? first.value : encode_multi_message(batch.messages);
  auto const record = last_record_ + 1;
  if (!records_->submit({.channel = batch.channel, .key = first.key, .value = value}, record))
    return false;
  last_record_ = record;
  // The bytes are the client's now; the numbers are still ours.
  batch.messages = {};
  handed_over_.emplace(record, std::move(batch));
  return true;
}

void MultiMessageProducer::take(Completion const& completion,
                                std::vector<Completion>& completions) {
  if (finished_) return;
  auto const batch = std::move(handed_over_.extract(completion.sequence).mapped());
  auto const& error = completion.error;
  if (error && error->fault() != Fault::rejected)
    return finish(batch.sequences.front(), *error, completions);
  bool const too_large =
      error && blame_of(static_cast<rd_kafka_resp_err_t>(error->native_code())) == Blame::batch;
  if (too_large && batch.sequences.size() > 1) {
    record_bytes_->store(std::max<std::size_t>(1, batch.bytes / 4));
    return finish(batch.sequences.front(), Error{Fault::broken, error->what()}, completions);
  }
  for (auto const sequence : batch.sequences) {
    completions.push_back(
        {.sequence = sequence, .error = error, .missing_channel = completion.missing_channel});
  }
}

void MultiMessageProducer::finish(Sequence first, Error error,
                                  std::vector<Completion>& completions) {
  finished_ = true;
  completions.push_back({.sequence = first, .error = std::move(error)});
}

}  // namespace tram::kafka
