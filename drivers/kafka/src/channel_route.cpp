#include "channel_route.hpp"

#include <algorithm>
#include <utility>

#include "tram/base/assert.hpp"
#include "tram/wire/murmur2.hpp"

namespace tram::kafka {
namespace {

/// The route whose record this thread hands over just now. For a topic that it did not know the
/// client asks in a thread of its own, maybe while this one hands over the next record or even the
/// same: only the thread tells which of the two questions it is, and only that of this one may
/// touch what is the producer's.
thread_local ChannelRoute const* handing_over{};

void* opaque_of(Sequence sequence) {
  static_assert(sizeof(Sequence) <= sizeof(void*));
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(sequence.number()));  // NOLINT
}
Sequence sequence_of(rd_kafka_message_t const& message) {
  return Sequence{reinterpret_cast<std::uintptr_t>(message._private)};
}

/// Never null, which Kafka would take for "no key" and "deleted".
void* bytes_of(std::string_view text) {
  return const_cast<char*>(text.empty() ? "" : text.data());  // NOLINT: it copies
}

/// What a record may take of a batch beside its key and value, and a batch beside its records.
constexpr std::size_t record_overhead{40};
constexpr std::size_t batch_overhead{100};

std::size_t bytes_of(WaitingRecord const& record) {
  return sizeof record + record.key.size() + record.value.size();
}

}  // namespace

void ChannelRoute::limit_batches(std::size_t most, std::size_t made) {
  batch_bytes_max_ = most - std::min(most, batch_overhead);
  counts_all_ = batch_bytes_max_ < made;
}

void ChannelRoute::leave_batches_unlimited() {
  batch_bytes_max_ = PartitionGate::no_limit;
  counts_all_ = false;
}

/// Where the client's batches are small enough only a record that is too large by itself counts.
std::size_t ChannelRoute::counted(std::size_t key, std::size_t value) const {
  auto const bytes = key + value + record_overhead;
  return counts_all_ || bytes > batch_bytes_max_ ? bytes : 0;
}

std::size_t ChannelRoute::counted(rd_kafka_message_t const& message) const {
  return counted(message.key_len, message.len);
}

void ChannelRoute::install(rd_kafka_topic_conf_t* conf) {
  rd_kafka_topic_conf_set_opaque(conf, this);
  rd_kafka_topic_conf_set_partitioner_cb(conf, choose);
}

/// As Java's.
std::int32_t ChannelRoute::choose(rd_kafka_topic_t const* topic, void const* key, std::size_t size,
                                  std::int32_t partitions, void* route, void* /*sequence*/) {
  auto& self = *static_cast<ChannelRoute*>(route);
  auto const partition =
      rd_kafka_msg_partitioner_murmur2(topic, key, size, partitions, nullptr, nullptr);
  self.partitions_.store(partitions);
  // For a record that it has had for a while the client asks in its own thread.
  if (handing_over != &self) return partition;
  return self.decide(partition, partitions);
}

/// A partition that there is not has the client give the record back.
std::int32_t ChannelRoute::decide(std::int32_t number, std::int32_t partitions) {
  chosen_ = number;
  closed_ = !partition(number).gate.open(bytes_, batch_bytes_max_);
  return closed_ ? partitions : number;
}

ChannelRoute::Partition& ChannelRoute::partition(std::int32_t number) {
  auto const place = static_cast<std::size_t>(number);
  if (place >= states_.size()) states_.resize(place + 1);
  return states_[place];
}

ChannelRoute::Partition* ChannelRoute::expected(std::string_view key) {
  auto const partitions = partitions_.load();
  return partitions > 0 ? &partition(kafka_partition(key, partitions)) : nullptr;
}

ChannelRoute::Outcome ChannelRoute::take(rd_kafka_topic_t* topic, RecordView const& record,
                                         Sequence sequence) {
  auto* const place = expected(record.key);
  if (unassigned_ || !waiting_.empty()) {
    keep(waiting_, record, sequence);
    return Outcome::taken;
  }
  if (place != nullptr && !place->waiting.empty()) {
    keep(place->waiting, record, sequence);
    return Outcome::taken;
  }
  switch (hand_over(topic, record, sequence)) {
    case Attempt::handed_over: return Outcome::taken;
    case Attempt::full: return Outcome::full;
    case Attempt::refused: return Outcome::refused;
    case Attempt::gate_closed: break;
  }
  TRAM_ASSERT(chosen_ || place != nullptr, "a closed gate is that of a known partition");
  keep(chosen_ ? partition(*chosen_).waiting : place->waiting, record, sequence);
  return Outcome::taken;
}

ChannelRoute::Attempt ChannelRoute::hand_over(rd_kafka_topic_t* topic, RecordView const& record,
                                              Sequence sequence) {
  chosen_.reset();
  closed_ = false;
  bytes_ = counted(record.key.size(), record.value.size());
  auto const* const place = expected(record.key);
  if (place != nullptr && !place->gate.open(bytes_, batch_bytes_max_)) {
    return Attempt::gate_closed;
  }
  handing_over = this;
  bool const taken =
      rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, bytes_of(record.value),
                       record.value.size(), bytes_of(record.key), record.key.size(),
                       opaque_of(sequence)) == 0;
  handing_over = nullptr;
  if (!taken && closed_) return Attempt::gate_closed;
  if (!taken) {
    bool const full = rd_kafka_last_error() == RD_KAFKA_RESP_ERR__QUEUE_FULL;
    return full ? Attempt::full : Attempt::refused;
  }
  if (chosen_) partition(*chosen_).gate.handed_over(clock_, bytes_);
  else unassigned_ = sequence;
  return Attempt::handed_over;
}

void ChannelRoute::keep(Waiting& waiting, RecordView const& record, Sequence sequence) {
  waiting.push_back(
      {.sequence = sequence, .key = std::string{record.key}, .value = std::string{record.value}});
  ++waiting_count_;
  total_waiting_bytes_ += bytes_of(waiting.back());
}

void ChannelRoute::drop_first(Waiting& waiting) {
  --waiting_count_;
  total_waiting_bytes_ -= bytes_of(waiting.front());
  waiting.pop_front();
}

std::vector<ChannelRoute::Refusal> ChannelRoute::hand_over_waiting(rd_kafka_topic_t* topic) {
  std::vector<Refusal> refusals;
  if (waiting_count_ == 0 || unassigned_) return refusals;
  if (hand_over_states(topic, refusals)) sort_out(topic, refusals);
  return refusals;
}

/// False when nothing more can be handed over now.
bool ChannelRoute::hand_over_states(rd_kafka_topic_t* topic, std::vector<Refusal>& refusals) {
  // Their number may grow meanwhile.
  for (std::size_t i = 0; i < states_.size(); ++i) {  // NOLINT(modernize-loop-convert)
    if (!hand_over(topic, states_[i].waiting, refusals)) return false;
  }
  return true;
}

bool ChannelRoute::hand_over(rd_kafka_topic_t* topic, Waiting& waiting,
                             std::vector<Refusal>& refusals) {
  while (!waiting.empty()) {
    auto const& [sequence, key, value] = waiting.front();
    auto const attempt = hand_over(topic, {.channel = {}, .key = key, .value = value}, sequence);
    if (attempt == Attempt::gate_closed) return true;
    if (attempt == Attempt::full) return false;
    if (attempt == Attempt::refused) {
      refusals.push_back({.sequence = sequence, .code = rd_kafka_last_error()});
    }
    drop_first(waiting);
    if (unassigned_) return false;
  }
  return true;
}

/// What came while no partition was known, now that there may be some.
void ChannelRoute::sort_out(rd_kafka_topic_t* topic, std::vector<Refusal>& refusals) {
  if (partitions_.load() == 0) {
    hand_over(topic, waiting_, refusals);
    return;
  }
  for (; !waiting_.empty(); waiting_.pop_front()) {
    auto& place = *expected(waiting_.front().key);
    place.waiting.push_back(std::move(waiting_.front()));
  }
  hand_over_states(topic, refusals);
}

void ChannelRoute::acknowledged(rd_kafka_message_t const& message) {
  auto& gate = partition(message.partition).gate;
  if (unassigned_ == sequence_of(message)) {
    unassigned_.reset();
    gate.handed_over(clock_, counted(message));
  }
  gate.acknowledged(clock_, counted(message));
}

void ChannelRoute::failed(rd_kafka_message_t const& message) {
  if (unassigned_ == sequence_of(message)) {
    unassigned_.reset();
  } else if (message.partition >= 0) {
    partition(message.partition).gate.refused(counted(message));
  }
}

}  // namespace tram::kafka
