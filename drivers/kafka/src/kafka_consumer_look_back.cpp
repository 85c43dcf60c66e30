// How a consumer knows that a position belongs to the topic that there is now.

#include <algorithm>
#include <utility>

#include "faults.hpp"
#include "kafka_consumer.hpp"
#include "partition_lists.hpp"
#include "position_notes.hpp"

namespace tram::kafka {
namespace {

/// A partition that gives nothing for so long may be read again a little. Before records are
/// doubted.
constexpr std::chrono::milliseconds idle_after{150};
/// A store that took longer may have been made to the topic that came meanwhile, and the client may
/// have fetched enough to show no pause.
constexpr std::chrono::milliseconds store_takes{250};
constexpr std::chrono::milliseconds answer_patience{3'000};
constexpr std::chrono::milliseconds ask_again_after{500};
constexpr std::chrono::milliseconds ends_interval{1'000};

}  // namespace

// --- at the beginning

bool KafkaConsumer::ask_where_to_begin() {
  if (!beginning_ || now_ < next_probe_) return false;
  asked_where_to_begin_ = true;
  auto const timeout = std::min(request_timeout_, answer_patience);
  if (late_) query_->ask(beginning_.get(), late_, timeout);
  else query_->ask(beginning_.get(), timeout);
  return true;
}

/// All or nothing: what cannot be answered for one partition is asked again for all.
void KafkaConsumer::take_assignment(PositionQuery::Answer const& answer) {
  next_probe_ = now_ + ask_again_after;
  // That nobody answers has been told.
  if (answer.code != RD_KAFKA_RESP_ERR_NO_ERROR) return;
  auto* const list = answer.partitions.get();
  for (auto const& entry : entries(list)) {
    if (entry.err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    return failed(entry.err, about_ + ", channel '" + entry.topic + "', look up what is stored",
                  {});
  }
  beginning_.reset();
  for (int i = 0; i < list->cnt; ++i) begin_where_stored(list->elems[i]);
  assign(list);
}

void KafkaConsumer::begin_where_stored(rd_kafka_topic_partition_t& entry) {
  if (entry.offset < 0) {
    entry.offset = RD_KAFKA_OFFSET_BEGINNING;
    return;
  }
  auto const note = note_of(entry);
  auto& owned = owned_[partition_of(entry)];
  owned.stored = entry.offset;
  owned.trail = Trail{entry.offset, note.landmark};
  owned.proved = now_;
  // Without a landmark there is nothing but the coordinator's word, and it may forget late.
  owned.doubted = !note.landmark && entry.offset > 0;
  // The same position, signed: so the others learn who took the partition.
  owned.to_be_signed = owners_->is_foreign(note);
  if (!owned.doubted) sign(owned);
  entry.offset = owned.trail.begin();
}

/// One record earlier, which it gives to nobody.
void KafkaConsumer::begin_at_end(rd_kafka_topic_partition_t& entry) {
  auto& owned = owned_[partition_of(entry)];
  owned.trail = Trail::from_end(entry.offset);
  entry.offset = owned.trail.begin();
}

void KafkaConsumer::sign(Owned& owned) {
  bool const wanted = std::exchange(owned.to_be_signed, false);
  if (wanted && !owned.acknowledged && !owned.storing) owned.acknowledged = owned.stored;
}

// --- while it reads

void KafkaConsumer::look_back_soon() {
  looks_back_at_once_ = looks_back_at_once_ || now_ - store_allowed_ > store_takes;
  auto const wait = looks_back_at_once_ ? Duration{} : Duration{idle_after};
  next_look_back_ = std::min(next_look_back_, now_ + wait);
  alarm_.set(wait);
}

/// Of a listener nothing is stored, and nobody may wait for its records: they are given, and then
/// it looks whether those of before are still there.
void KafkaConsumer::look_back_behind(Owned& owned) {
  if (!owned.trail.suspect()) return;
  looks_back_at_once_ = true;
  next_look_back_ = now_;
}

bool KafkaConsumer::wants_to_look_back(Owned const& owned) const {
  return owned.kept.empty() && owned.trail.wants_to_look_back();
}

/// The coordinator forgets the positions of a deleted topic, but a store that was on its way
/// meanwhile is of the new one. So the log itself shows that it is still the same, when that
/// disturbs nobody.
void KafkaConsumer::look_back_when_idle() {
  if (now_ < next_look_back_) return;
  next_look_back_ = SteadyTime::max();
  bool const at_once = std::exchange(looks_back_at_once_, false);
  for (auto& [partition, owned] : owned_) {
    if (!wants_to_look_back(owned) || paused_.contains(partition)) continue;
    if (at_once || now_ - owned.delivered >= idle_after) look_back(partition, owned);
    else next_look_back_ = now_ + idle_after;
  }
  if (next_look_back_ != SteadyTime::max()) alarm_.set(idle_after);
}

void KafkaConsumer::look_back(TopicPartition const& partition, Owned& owned) {
  auto const list = new_list();
  add(list.get(), partition).offset = owned.trail.look_back();
  read_from(list.get(), "look back");
}

/// A record that was there before cannot come where the log ends before it.
bool KafkaConsumer::ask_for_ends() {
  if (now_ < next_look_at_ends_) return false;
  auto list = new_list();
  for (auto const& [partition, owned] : owned_) {
    if (owned.trail.waits() && !paused_.contains(partition)) add(list.get(), partition);
  }
  next_look_at_ends_ = now_ + ends_interval;
  if (list->cnt == 0) return false;
  query_->ask_for_ends(std::move(list), std::min(request_timeout_, answer_patience));
  return true;
}

void KafkaConsumer::take_ends(List const* ends) {
  if (ends == nullptr) return;
  for (auto const& entry : entries(ends)) {
    auto const owned = owned_.find(partition_of(entry));
    if (owned == owned_.end() || entry.err != RD_KAFKA_RESP_ERR_NO_ERROR || entry.offset < 0)
      continue;
    if (owned->second.trail.ends_at(entry.offset)) continue;
    begin_anew(owned->first, "it ends before a record that was read");
  }
}

void KafkaConsumer::read_from(List const* positions, std::string_view what) {
  constexpr int without_waiting{0};
  PartitionsHandle const list{rd_kafka_topic_partition_list_copy(positions)};
  ErrorHandle const error{rd_kafka_seek_partitions(client_.get(), list.get(), without_waiting)};
  if (error) failed(rd_kafka_error_code(error.get()), about_ + ", " + std::string{what}, {});
}

}  // namespace tram::kafka
