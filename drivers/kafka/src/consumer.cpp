#include "consumer.hpp"

#include <algorithm>
#include <utility>

#include "faults.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"

namespace tram::kafka {
namespace {

/// Enough to spread the cost of a poll, and few enough to be handled before the next one is due.
constexpr std::size_t deliveries_max{500};
constexpr std::chrono::milliseconds store_interval{100};

using List = rd_kafka_topic_partition_list_t;

std::span<rd_kafka_topic_partition_t const> entries(List const* list) {
  return {list->elems, static_cast<std::size_t>(list->cnt)};
}

TopicPartition partition_of(rd_kafka_topic_partition_t const& entry) {
  return {.channel = entry.topic, .partition = entry.partition};
}

rd_kafka_topic_partition_t& add(List* list, TopicPartition const& partition) {
  return *rd_kafka_topic_partition_list_add(list, partition.channel.c_str(), partition.partition);
}

PartitionsHandle new_list() { return PartitionsHandle{rd_kafka_topic_partition_list_new(8)}; }

int milliseconds_left(Deadline const& deadline, Clock const& clock) {
  auto const left = deadline.remaining(clock);
  constexpr std::chrono::milliseconds longest{100};
  return static_cast<int>(
      std::chrono::ceil<std::chrono::milliseconds>(std::min<Duration>(left, longest)).count());
}

std::string_view text_of(void const* bytes, std::size_t size) {
  return bytes == nullptr ? std::string_view{}
                          : std::string_view{static_cast<char const*>(bytes), size};
}

}  // namespace

KafkaConsumer::KafkaConsumer(Config const& config, ConsumerMode const& mode,
                             std::span<std::string const> channels, Clock& clock,
                             Logger const& logger)
    : clock_{clock},
      broadcast_{mode.kind == ConsumerMode::Kind::broadcast},
      about_{broadcast_ ? "listen" : "group '" + mode.group + "'"},
      request_timeout_{config.request_timeout},
      hooks_{logger} {
  hooks_.on_error = [this](Code code, std::string const& text) { failed(code, about_, text); };
  hooks_.on_rebalance = [this](Code code, List* partitions) { rebalanced(code, partitions); };
  hooks_.on_stored = [this](Code code, List* partitions) { stored(code, partitions); };
  auto conf = conf_of(consumer_properties(config, mode));
  hooks_.install(conf.get());
  client_ = make_client(RD_KAFKA_CONSUMER, std::move(conf));
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  news_.watch(queue_.get());
  if (broadcast_) {
    listen(channels);
  } else {
    join(channels);
  }
  news_.ring();
}

void KafkaConsumer::join(std::span<std::string const> channels) {
  auto const list = new_list();
  for (auto const& channel : channels) {
    add(list.get(), {.channel = channel, .partition = RD_KAFKA_PARTITION_UA});
  }
  auto const code = rd_kafka_subscribe(client_.get(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw error_of(code, about_);
}

/// From now on: the ends are looked up here, since those that the client would find later may be
/// behind a reply.
void KafkaConsumer::listen(std::span<std::string const> channels) {
  auto const list = new_list();
  for (auto const& channel : channels) append_partitions(channel, list.get());
  auto const code = rd_kafka_offsets_for_times(client_.get(), list.get(),
                                               static_cast<int>(request_timeout_.count()));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw error_of(code, about_);
  for (auto const& entry : entries(list.get())) {
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR) throw error_of(entry.err, about_);
  }
  assigned(list.get());
  hooks_.rethrow();
}

void KafkaConsumer::append_partitions(std::string const& channel, List* list) {
  TopicHandle const topic{rd_kafka_topic_new(client_.get(), channel.c_str(), nullptr)};
  rd_kafka_metadata_t const* found{};
  auto code = rd_kafka_metadata(client_.get(), 0, topic.get(), &found,
                                static_cast<int>(request_timeout_.count()));
  MetadataHandle const metadata{found};
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR && found->topic_cnt > 0) code = found->topics[0].err;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw error_of(code, "listen to '" + channel + "'");
  for (std::int32_t number = 0; number < found->topics[0].partition_cnt; ++number) {
    TopicPartition const partition{.channel = channel, .partition = number};
    if (rd_kafka_topic_partition_list_find(list, channel.c_str(), number) != nullptr) continue;
    add(list, partition).offset = RD_KAFKA_OFFSET_END;
  }
}

std::vector<ConsumerEvent> KafkaConsumer::poll() {
  if (!client_) return {};
  news_.clear();
  finish_revocation();
  if (storing_ == 0 && clock_.steady() >= next_store_) store_acknowledged();
  std::vector<ConsumerEvent> events;
  deliver(events);
  hooks_.rethrow();
  if (leaving_) news_.ring();
  if (events.empty() && trouble_) throw Error{*std::exchange(trouble_, std::nullopt)};
  return events;
}

void KafkaConsumer::deliver(std::vector<ConsumerEvent>& events) {
  events = std::exchange(announced_, {});
  std::size_t deliveries = 0;
  while (!leaving_ && deliveries < deliveries_max) {
    MessageHandle const message{rd_kafka_consumer_poll(client_.get(), 0)};
    std::ranges::move(std::exchange(announced_, {}), std::back_inserter(events));
    if (!message) return;
    take(*message, events);
    ++deliveries;
  }
  if (deliveries == deliveries_max) news_.ring();
}

void KafkaConsumer::take(rd_kafka_message_t const& message, std::vector<ConsumerEvent>& events) {
  if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    auto const* const topic = message.rkt == nullptr ? nullptr : rd_kafka_topic_name(message.rkt);
    failed(message.err,
           topic == nullptr ? about_ : about_ + ", channel '" + std::string{topic} + "'",
           rd_kafka_message_errstr(&message));
    return;
  }
  last_ = owner_of(message);
  if (last_ == owned_.end() || is_leaving(message)) return;
  events.emplace_back(Delivery{.source = last_->first,
                               .position = message.offset,
                               .key = std::string{text_of(message.key, message.key_len)},
                               .value = std::string{text_of(message.payload, message.len)}});
}

KafkaConsumer::OwnedPartitions::iterator KafkaConsumer::owner_of(
    rd_kafka_message_t const& message) {
  std::string_view const topic = rd_kafka_topic_name(message.rkt);
  if (last_ != owned_.end() && last_->first.partition == message.partition &&
      last_->first.channel == topic) {
    return last_;
  }
  return owned_.find({.channel = std::string{topic}, .partition = message.partition});
}

bool KafkaConsumer::is_leaving(rd_kafka_message_t const& message) const {
  return leaving_ &&
         rd_kafka_topic_partition_list_find(leaving_.get(), rd_kafka_topic_name(message.rkt),
                                            message.partition) != nullptr;
}

void KafkaConsumer::acknowledge(TopicPartition const& partition, Position next) {
  if (broadcast_) return;
  auto const owned = owned_.find(partition);
  if (owned != owned_.end()) owned->second.acknowledged = next;
}

void KafkaConsumer::pause(TopicPartition const& partition) {
  if (!client_ || !owned_.contains(partition)) return;
  paused_.insert(partition);
  switch_delivery(partition, rd_kafka_pause_partitions);
}

void KafkaConsumer::resume(TopicPartition const& partition) {
  if (!client_ || paused_.erase(partition) == 0) return;
  switch_delivery(partition, rd_kafka_resume_partitions);
}

void KafkaConsumer::switch_delivery(TopicPartition const& partition,
                                    Code (*with)(rd_kafka_t*, List*)) {
  auto const list = new_list();
  add(list.get(), partition);
  with(client_.get(), list.get());
}

/// In one request at most every now and then, and always before partitions are given up: the client
/// waits for its answer before it rejoins.
void KafkaConsumer::store_acknowledged() {
  auto const list = new_list();
  for (auto& [partition, owned] : owned_) {
    if (!owned.acknowledged) continue;
    add(list.get(), partition).offset = *owned.acknowledged;
    owned.storing = std::exchange(owned.acknowledged, std::nullopt);
  }
  if (list->cnt == 0) return;
  next_store_ = clock_.steady() + store_interval;
  constexpr int asynchronous{1};
  auto const code = rd_kafka_commit(client_.get(), list.get(), asynchronous);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++storing_;
  } else {
    failed(code, about_ + ", store positions", {});
  }
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
    if (failure == RD_KAFKA_RESP_ERR_NO_ERROR || owned->second.acknowledged) continue;
    owned->second.acknowledged = position;
  }
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  hooks_.logger().info("kafka.not_stored", {{"consumer", about_}, {"why", rd_kafka_err2str(code)}});
}

void KafkaConsumer::rebalanced(Code code, List const* partitions) {
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    assigned(partitions);
  } else {
    revoked(partitions);
  }
}

void KafkaConsumer::assigned(List const* partitions) {
  for (auto const& entry : entries(partitions)) {
    auto partition = partition_of(entry);
    // The client remembers this beyond an assignment.
    resume(partition);
    owned_.try_emplace(partition);
    announced_.emplace_back(Assigned{std::move(partition)});
  }
  auto const code = rd_kafka_assign(client_.get(), partitions);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) failed(code, about_, {});
}

void KafkaConsumer::revoked(List const* partitions) {
  leaving_.reset(rd_kafka_topic_partition_list_copy(partitions));
  for (auto const& entry : entries(partitions)) {
    auto partition = partition_of(entry);
    if (owned_.contains(partition)) announced_.emplace_back(Revoked{std::move(partition)});
  }
  if (closing_) finish_revocation();
}

void KafkaConsumer::finish_revocation() {
  if (!leaving_) return;
  auto const leaving = std::exchange(leaving_, nullptr);
  store_acknowledged();
  for (auto const& entry : entries(leaving.get())) owned_.erase(partition_of(entry));
  last_ = owned_.end();
  rd_kafka_assign(client_.get(), nullptr);
}

void KafkaConsumer::failed(Code code, std::string const& what, std::string_view text) {
  auto error = error_of(code, what, text);
  hooks_.logger().warning("kafka.consumer", {{"consumer", about_}, {"what", error.what()}});
  // The group moved on without this member, which is told by a revocation.
  if (code == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) return;
  trouble_ = std::move(error);
}

void KafkaConsumer::close(Duration timeout) noexcept {
  if (!client_) return;
  try {
    leave(Deadline::after(clock_, timeout));
  } catch (std::exception const& error) {
    // Late is harmless: what was not stored comes again.
    hooks_.logger().warning("kafka.close", {{"consumer", about_}, {"what", error.what()}});
  }
  owned_.clear();
  last_ = owned_.end();
  queue_.reset();
  client_.reset();
}

void KafkaConsumer::leave(Deadline deadline) {
  closing_ = true;
  finish_revocation();
  store_acknowledged();
  QueueHandle const rest{rd_kafka_queue_new(client_.get())};
  ErrorHandle const refused{rd_kafka_consumer_close_queue(client_.get(), rest.get())};
  if (refused) return;
  while (rd_kafka_consumer_closed(client_.get()) == 0 && !deadline.reached(clock_)) {
    rd_kafka_queue_poll_callback(rest.get(), milliseconds_left(deadline, clock_));
  }
  hooks_.rethrow();
}

}  // namespace tram::kafka
