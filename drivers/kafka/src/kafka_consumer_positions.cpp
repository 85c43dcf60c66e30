// What a consumer asks of the cluster, and which positions it stores.

#include "kafka_consumer.hpp"

#include <algorithm>
#include <utility>

#include "faults.hpp"
#include "partition_lists.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"

namespace tram::kafka {
namespace {

constexpr std::chrono::milliseconds store_interval{100};
/// The cluster is taken to work for so long after a sign that it does, and is then asked.
constexpr std::chrono::seconds sign_lasts{5};
constexpr std::chrono::milliseconds sign_patience{3'000};
constexpr std::chrono::milliseconds probe_pause{500};
/// Compacted channels have gaps all the time.
constexpr std::chrono::seconds beginnings_interval{1};
/// After one that had no answer, since it may have waited for a leader that there is not.
constexpr std::chrono::seconds beginnings_pause{10};
/// How long a revocation waits for an answer.
constexpr std::chrono::milliseconds proof_patience{1'000};

using List = rd_kafka_topic_partition_list_t;

}  // namespace

/// A position of a topic that is no more must not be stored for the one that took its name.
void KafkaConsumer::store_when_proved() {
  store_after_answer_ = false;
  if (storing_ > 0 || now_ < next_store_ || asked_to_store_) return;
  store_after_answer_ = wants_proof_to_store();
  if (store_after_answer_) return;
  store_allowed_ = now_;
  store_acknowledged();
}

bool KafkaConsumer::wants_proof_to_store() const {
  return std::ranges::any_of(owned_, [&](auto const& each) {
    auto const& owned = each.second;
    // The answer at the beginning may have come before the coordinator forgot.
    bool const outdated = !owned.stored_here || now_ - owned.proved > store_interval;
    return owned.acknowledged && owned.stored && outdated;
  });
}

void KafkaConsumer::ask() {
  if (!query_ || query_->asking() || ask_where_to_begin() || ask_for_positions()) return;
  if (ask_for_ends() || ask_for_beginnings()) return;
  if (wants_a_sign()) ask_for_a_sign();
}

bool KafkaConsumer::ask_for_positions() {
  auto const list = new_list();
  asked_to_store_ = false;
  for (auto const& [partition, owned] : owned_) {
    bool const to_store = store_after_answer_ && owned.acknowledged && owned.stored;
    asked_to_store_ = asked_to_store_ || to_store;
    bool const in_doubt = owned.doubted && owned.stored;
    if (in_doubt || to_store) add(list.get(), partition);
  }
  if (list->cnt == 0) return false;
  if (asked_to_store_) store_allowed_ = now_;
  query_->ask(list.get(), std::min(request_timeout_, sign_patience));
  return true;
}

bool KafkaConsumer::ask_for_beginnings() {
  if (gaps_.found().empty() || now_ < next_look_at_beginnings_) return false;
  next_look_at_beginnings_ = now_ + beginnings_interval;
  auto list = new_list();
  for (auto const& each : gaps_.found()) add(list.get(), each.first);
  query_->ask_for_beginnings(std::move(list), std::min(request_timeout_, sign_patience));
  return true;
}

void KafkaConsumer::ask_for_a_sign() {
  auto const timeout = std::min(request_timeout_, sign_patience);
  // To listen takes no right on a group.
  if (broadcast_) return query_->ask_for_a_sign(first_channel_, timeout);
  // That there is an answer counts; and that these are still stored, where no record may come.
  auto const list = new_list();
  for (auto const& [partition, owned] : owned_) {
    if (owned.stored) add(list.get(), partition);
  }
  if (list->cnt == 0) add(list.get(), {.channel = first_channel_, .partition = 0});
  query_->ask(list.get(), timeout);
}

bool KafkaConsumer::wants_a_sign() const {
  if (now_ < next_probe_ || first_channel_.empty()) return false;
  return suspicion_ || now_ - last_sign_ > sign_lasts;
}

void KafkaConsumer::seen_to_work() {
  last_sign_ = now_;
  suspicion_.reset();
  away_ = false;
}

/// The client's own words say more than that there was no answer.
void KafkaConsumer::not_seen_to_work(Code code) {
  next_probe_ = now_ + probe_pause;
  if (!suspicion_) suspicion_ = error_of(code, about_ + ", ask the cluster");
  away_ = true;
}

void KafkaConsumer::take_answer(std::vector<ConsumerEvent>& events) {
  auto const answer = query_ ? query_->take() : std::nullopt;
  if (!answer) return;
  using About = PositionQuery::About;
  bool const about_beginnings = answer->about == About::beginnings;
  if (answer->code == RD_KAFKA_RESP_ERR_NO_ERROR) seen_to_work();
  else if (about_beginnings) next_look_at_beginnings_ = now_ + beginnings_pause;
  else if (answer->about == About::ends) next_look_at_ends_ = now_ + beginnings_pause;
  else not_seen_to_work(answer->code);
  if (std::exchange(asked_where_to_begin_, false)) return take_assignment(*answer);
  auto const* const partitions = answer->partitions.get();
  if (about_beginnings && partitions != nullptr) settle_gaps(partitions, events);
  if (answer->about == About::ends) take_ends(partitions);
  if (answer->about == About::positions) take_positions(partitions);
}

void KafkaConsumer::take_positions(List const* answer) {
  if (answer != nullptr) prove(answer);
  // Another question's answer does not prove what was acknowledged meanwhile.
  if (std::exchange(asked_to_store_, false) && answer != nullptr) store_proved(answer);
}

void KafkaConsumer::settle_gaps(List const* beginnings, std::vector<ConsumerEvent>& events) {
  for (auto const& entry : entries(beginnings)) {
    // Asked again: the topic may be gone, or its leader.
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR || entry.offset < 0) continue;
    auto partition = partition_of(entry);
    auto const removed = gaps_.settle(partition, entry.offset);
    if (removed.next == removed.from) continue;
    hooks_.logger().warning("kafka.records_expired",
                            {{"consumer", about_},
                             {"channel", partition.channel},
                             {"partition", partition.partition},
                             {"records", removed.next - removed.from},
                             {"from", removed.from},
                             {"next", removed.next},
                             {"what", "retention or an operator removed them before this group "
                                      "read them"}});
    events.emplace_back(
        RecordsExpired{.partition = std::move(partition), .records = removed.next - removed.from});
  }
}

void KafkaConsumer::watch_owners(std::vector<ConsumerEvent>& events) {
  if (!owners_) return;
  if (auto others = owners_->take(now_)) events.emplace_back(GroupShared{std::move(*others)});
  if (!owners_->wants_to_look(now_)) return;
  std::set<TopicPartition> owned;
  for (auto const& each : owned_) owned.insert(each.first);
  owners_->look(std::move(owned));
}

void KafkaConsumer::prove(List const* partitions) {
  for (auto const& entry : entries(partitions)) {
    auto const found = owned_.find(partition_of(entry));
    if (found == owned_.end() || entry.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    auto& owned = found->second;
    if (entry.offset == RD_KAFKA_OFFSET_INVALID) {
      if (owned.stored) begin_anew(found->first, "the group's position is gone");
      else store_first(owned);
      continue;
    }
    if (!owned.stored) owned.stored = entry.offset;
    owned.proved = now_;
    owned.doubted = false;
    sign(owned);
  }
}

/// What is stored tells a topic from one that is made anew under its name: so something is, before
/// the first record is given to anybody.
void KafkaConsumer::store_first(Owned& owned) {
  if (owned.acknowledged || owned.kept.empty()) return;
  owned.acknowledged = offset_of(owned.kept.front().position);
  next_store_ = SteadyTime::min();
  news_.ring();
}

/// Where there is no time for a question and an answer: waits for it, a little. However new the
/// last answer is, the topic may have been made anew since, and nobody corrects what is stored now.
void KafkaConsumer::prove_at_once(Deadline deadline) {
  auto const list = new_list();
  for (auto& [partition, owned] : owned_) {
    if (owned.acknowledged && owned.stored) add(list.get(), partition);
  }
  if (list->cnt == 0) return;
  auto const patience = std::chrono::floor<std::chrono::milliseconds>(
      std::min<Duration>(deadline.remaining(clock_), proof_patience));
  auto const code =
      patience > patience.zero()
          ? rd_kafka_committed(client_.get(), list.get(), static_cast<int>(patience.count()))
          : RD_KAFKA_RESP_ERR__TIMED_OUT;
  for (auto const& entry : entries(list.get())) {
    bool const proved = code == RD_KAFKA_RESP_ERR_NO_ERROR &&
                        entry.err == RD_KAFKA_RESP_ERR_NO_ERROR &&
                        entry.offset != RD_KAFKA_OFFSET_INVALID;
    // Not stored is harmless: the records come again.
    if (!proved) owned_[partition_of(entry)].acknowledged.reset();
  }
}

void KafkaConsumer::begin_anew(TopicPartition partition, std::string_view why) {
  hooks_.logger().warning("kafka.topic_made_anew",
                          {{"consumer", about_},
                           {"channel", partition.channel},
                           {"partition", partition.partition},
                           {"why", why},
                           {"what", "the topic was deleted and made anew, or its first records "
                                    "expired: it is read from its beginning"}});
  kept_ -= owned_.at(partition).kept.size();
  owned_.erase(partition);
  last_ = owned_.end();
  announced_.emplace_back(Revoked{partition});
  beginning_anew_.push_back(std::move(partition));
  news_.ring();
}

void KafkaConsumer::finish_beginning_anew() {
  auto const list = new_list();
  for (auto& partition : std::exchange(beginning_anew_, {})) {
    paused_.insert(partition);
    auto& owned = owned_.try_emplace(partition).first->second;
    // So that the next member, too, knows that the group was there before.
    if (late_) owned.acknowledged = 0;
    resume(partition);
    add(list.get(), partition).offset = RD_KAFKA_OFFSET_BEGINNING;
    announced_.emplace_back(Assigned{std::move(partition)});
  }
  if (list->cnt > 0) read_from(list.get(), "begin anew");
}

/// In one request at most every now and then, and always before partitions are given up: the client
/// waits for its answer before it rejoins.
void KafkaConsumer::store_acknowledged() {
  auto const list = new_list();
  for (auto& [partition, owned] : owned_) append_acknowledged(partition, owned, list.get());
  store(list.get());
}

/// What the answer does not prove waits for another one. Where nothing is stored yet there is
/// nothing to prove.
void KafkaConsumer::store_proved(List const* answer) {
  // Also when there is nothing to store: the next question does not follow at once.
  next_store_ = now_ + store_interval;
  auto const list = new_list();
  for (auto& [partition, owned] : owned_) {
    auto const* const entry = rd_kafka_topic_partition_list_find(
        const_cast<List*>(answer), partition.channel.c_str(), partition.partition);  // NOLINT
    bool const proved = entry != nullptr && entry->err == RD_KAFKA_RESP_ERR_NO_ERROR &&
                        entry->offset != RD_KAFKA_OFFSET_INVALID;
    if (proved || !owned.stored) append_acknowledged(partition, owned, list.get());
  }
  store(list.get());
}

void KafkaConsumer::append_acknowledged(TopicPartition const& partition, Owned& owned, List* list) {
  if (!owned.acknowledged) return;
  auto& entry = add(list, partition);
  entry.offset = *owned.acknowledged;
  if (owners_ && notes_) owners_->sign(entry, owned.trail.landmark_for(*owned.acknowledged));
  owned.trail.stored();
  owned.storing = std::exchange(owned.acknowledged, std::nullopt);
}

void KafkaConsumer::store(List const* positions) {
  if (positions->cnt == 0) return;
  next_store_ = clock_.steady() + store_interval;
  constexpr int asynchronous{1};
  auto const code = rd_kafka_commit(client_.get(), positions, asynchronous);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++storing_;
  } else {
    failed(code, about_ + ", store positions", {});
  }
}

/// Without a note the coordinator's word is all there is, as beside a Java member.
void KafkaConsumer::leave_notes_out() {
  if (!std::exchange(notes_, false)) return;
  hooks_.logger().warning(
      "kafka.notes_refused",
      {{"consumer", about_},
       {"what", "the brokers take no note as long as ours beside a position, so that a topic which "
                "is made anew in the moment of a store is not noticed; set "
                "offset.metadata.max.bytes to 512 or more (4096 unless changed)"}});
}

/// What was not stored is tried again by those who still own it.
void KafkaConsumer::stored(Code code, List const* partitions) {
  if (storing_ > 0) --storing_;
  if (partitions == nullptr) return;
  for (auto const& entry : entries(partitions)) {
    auto const failure = code != RD_KAFKA_RESP_ERR_NO_ERROR ? code : entry.err;
    auto const owned = owned_.find(partition_of(entry));
    if (owned == owned_.end() || owned->second.storing != entry.offset) continue;
    auto const position = std::exchange(owned->second.storing, std::nullopt);
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR) {
      owned->second.stored = position;
      owned->second.stored_here = true;
      owned->second.proved = now_;
      owned->second.doubted = false;
      owned->second.trail.stored();
      look_back_soon();
      news_.ring();
    }
    if (failure == RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE) leave_notes_out();
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR || owned->second.acknowledged) continue;
    owned->second.acknowledged = position;
  }
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  hooks_.logger().info("kafka.not_stored", {{"consumer", about_}, {"why", rd_kafka_err2str(code)}});
}

}  // namespace tram::kafka
