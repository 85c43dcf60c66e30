#include "multi_message_producer.hpp"

#include <algorithm>
#include <iterator>
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

/// So many make large records already.
constexpr std::size_t enough_messages{500};

}  // namespace

MultiMessageProducer::MultiMessageProducer(std::unique_ptr<Producer> records, Below below,
                                           Options options,
                                           std::shared_ptr<BatchBytes> record_bytes,
                                           Clock const& clock)
    : records_{std::move(records)},
      below_{std::move(below)},
      options_{options},
      record_bytes_{std::move(record_bytes)},
      clock_{clock},
      linger_{records_->descriptor()} {}

bool MultiMessageProducer::submit(RecordView const& record, Sequence sequence) {
  if (finished_) throw Error{Fault::broken, "kafka: this producer is finished; take a new one"};
  if (open_ >= options_.window) return false;
  submitted_at_ = clock_.steady();
  // They are handed over with one of the next calls for completions.
  if (waiting_.empty()) below_.ring();
  auto const bytes = message_frame_bytes + record.key.size() + record.value.size();
  auto& batch = batch_for(record, bytes);
  batch.messages.messages.push_back(
      {.headers = {}, .key = std::string{record.key}, .value = std::string{record.value}});
  batch.sequences.push_back(sequence);
  batch.bytes += bytes;
  ++open_;
  ++waiting_messages_;
  return true;
}

/// When their number changes, messages of a key belong elsewhere from now on: what waits for others
/// of its partition goes at once, so that it stays before them.
std::int32_t MultiMessageProducer::partitions_of(std::string_view channel) {
  auto const partitions = below_.partitions(channel);
  auto const known = partitions_.find(channel);
  if (known == partitions_.end()) {
    partitions_.emplace(channel, partitions);
  } else if (known->second != partitions) {
    known->second = partitions;
    for (auto& batch : waiting_) {
      if (batch.channel != channel) continue;
      if (grows(batch)) growing_.erase(batch.grows_as);
      batch.group.clear();
    }
  }
  return partitions;
}

/// Of what belongs together: a record goes to the partition of its first message's key.
MultiMessageProducer::Batch& MultiMessageProducer::batch_for(RecordView const& record,
                                                             std::size_t bytes) {
  auto const partitions = partitions_of(record.channel);
  auto group = std::string{record.channel} + "/";
  if (partitions > 0) group += std::to_string(kafka_partition(record.key, partitions));
  else group.append("key ").append(record.key);
  auto const bytes_max = std::min(options_.bytes_max, record_bytes_->load());
  if (auto const found = growing_.find(group); found != growing_.end()) {
    auto& batch = *found->second;
    if (batch.bytes + bytes <= bytes_max && batch.sequences.size() < messages_max) return batch;
  }
  waiting_.push_back({.channel = std::string{record.channel},
                      .grows_as = group,
                      .since = submitted_at_,
                      .bytes = record_frame_bytes});
  if (partitions > 0) waiting_.back().group = group;
  growing_.insert_or_assign(std::move(group), std::prev(waiting_.end()));
  return waiting_.back();
}

std::vector<Completion> MultiMessageProducer::completions() {
  std::vector<Completion> completions;
  if (finished_) return completions;
  for (auto const& completion : records_->completions()) take(completion, completions);
  open_ -= std::min(open_, completions.size());
  if (!finished_) hand_over_waiting();
  return completions;
}

bool MultiMessageProducer::grows(Batch const& batch) const {
  auto const found = growing_.find(batch.grows_as);
  return found != growing_.end() && &*found->second == &batch;
}

SteadyTime MultiMessageProducer::due(Batch const& batch) const {
  constexpr int quiet_part = 4;
  if (batch.group.empty()) return batch.since;
  if (flying_.contains(batch.group)) return SteadyTime::max();
  if (!grows(batch) || waiting_messages_ >= enough_messages) return batch.since;
  return std::min(batch.since + options_.linger, submitted_at_ + options_.linger / quiet_part);
}

void MultiMessageProducer::hand_over_waiting() {
  auto const now = clock_.steady();
  auto next = SteadyTime::max();
  for (auto each = waiting_.begin(); each != waiting_.end();) {
    if (auto const time = due(*each); time > now) {
      next = std::min(next, time);
      ++each;
      continue;
    }
    if (grows(*each)) growing_.erase(each->grows_as);
    auto const messages = each->sequences.size();
    // The client rings when it takes more again, and so does a record that has landed.
    if (!hand_over(*each)) break;
    waiting_messages_ -= messages;
    each = waiting_.erase(each);
  }
  linger_.set(next == SteadyTime::max() ? 0 : (next - now).count());
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
  if (!batch.group.empty()) flying_.insert(batch.group);
  // The bytes are the client's now; the numbers are still ours.
  batch.messages = {};
  handed_over_.emplace(record, std::move(batch));
  return true;
}

void MultiMessageProducer::take(Completion const& completion,
                                std::vector<Completion>& completions) {
  if (finished_) return;
  auto const batch = std::move(handed_over_.extract(completion.sequence).mapped());
  flying_.erase(batch.group);
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
    completions.push_back({.sequence = sequence, .error = error, .channel = completion.channel});
  }
}

void MultiMessageProducer::finish(Sequence first, Error error,
                                  std::vector<Completion>& completions) {
  finished_ = true;
  completions.push_back({.sequence = first, .error = std::move(error)});
}

}  // namespace tram::kafka
