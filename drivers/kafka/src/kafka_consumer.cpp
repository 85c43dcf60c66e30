// How a consumer begins, and what a poll gives.

#include "kafka_consumer.hpp"

#include <algorithm>
#include <utility>

#include "faults.hpp"
#include "metadata.hpp"
#include "partition_lists.hpp"
#include "tram/base/clock.hpp"

namespace tram::kafka {
namespace {

/// Enough to spread the cost of a poll, and few enough to be handled before the next one is due.
constexpr std::size_t deliveries_max{500};
/// A topic that is deleted and made anew gives no record for longer: the client waits before it
/// asks again after an error.
constexpr std::chrono::milliseconds doubted_after{250};
constexpr std::chrono::seconds begin_patience{10};
constexpr std::chrono::milliseconds begin_again_after{100};
/// How many records of a partition wait for an answer before no more are fetched.
constexpr std::size_t kept_max{1'000};

std::string_view text_of(void const* bytes, std::size_t size) {
  return bytes == nullptr ? std::string_view{}
                          : std::string_view{static_cast<char const*>(bytes), size};
}

Landmark landmark_in(rd_kafka_message_t const& message) {
  return landmark_of(message.offset, rd_kafka_message_timestamp(&message, nullptr),
                     text_of(message.key, message.key_len), text_of(message.payload, message.len));
}

}  // namespace

/// As a delegate it has the destructor end the client when the rest fails.
KafkaConsumer::KafkaConsumer(Config const& config, Order const& order, Clock& clock,
                             Logger const& logger, std::stop_token const& stop)
    : KafkaConsumer{config, order.mode, clock, logger} {
  if (!order.channels.empty()) first_channel_ = order.channels.front();
  created_ = order.created;
  query_ = std::make_unique<PositionQuery>(client_.get(), news_);
  try {
    if (!broadcast_ && order.mode.start == ConsumerMode::Start::latest) begin_late(order, stop);
    if (broadcast_) listen(order.channels, stop);
    else join(order.channels);
  } catch (Error const&) {
    if (stop.stop_requested()) end(end_patience_at_stop);
    throw;
  }
  news_.ring();
}

KafkaConsumer::KafkaConsumer(Config const& config, ConsumerMode const& mode, Clock& clock,
                             Logger const& logger)
    : clock_{clock},
      broadcast_{mode.kind == ConsumerMode::Kind::broadcast},
      owner_{mode.owner},
      about_{broadcast_ ? "listen" : "group '" + mode.group + "'"},
      request_timeout_{config.request_timeout},
      uses_{std::make_shared<ClientUses>(logger)} {
  last_sign_ = clock_.steady();
  hooks_.on_error = [this](Code code, std::string const& text) { failed(code, about_, text); };
  hooks_.on_rebalance = [this](Code code, List* partitions) { rebalanced(code, partitions); };
  hooks_.on_stored = [this](Code code, List* partitions) { stored(code, partitions); };
  auto conf = conf_of(consumer_properties(config, mode));
  hooks_.install(conf.get());
  client_ = make_client(RD_KAFKA_CONSUMER, std::move(conf));
  rd_kafka_poll_set_consumer(client_.get());
  queue_.reset(rd_kafka_queue_get_consumer(client_.get()));
  news_.watch(queue_.get());
}

/// Asks again what may work soon: the coordinator of a new cluster takes its time.
void KafkaConsumer::begin_late(Order const& order, std::stop_token const& stop) {
  late_ = std::make_shared<LateStart>(
      client_.get(),
      LateStart::Group{
          .about = about_, .owner = owner_, .channels = order.channels, .known = order.known});
  auto const give_up_at = Deadline::after(clock_, begin_patience);
  for (;;) {
    auto const answer = questions_->ask([late = late_] { return late->begin(); }, stop);
    if (!answer) give_up(about_);
    auto const& error = *answer;
    if (!error) return;
    if (error->fault() != Fault::transient || give_up_at.reached(clock_)) throw Error{*error};
    clock_.pause(begin_again_after, stop);
  }
}

void KafkaConsumer::join(std::span<std::string const> channels) {
  owners_ = std::make_unique<GroupOwners>(client_.get(), news_, owner_,
                                          std::vector(channels.begin(), channels.end()),
                                          late_ ? late_->begun() : std::vector<std::uint32_t>{});
  auto const list = new_list();
  for (auto const& channel : channels) {
    add(list.get(), {.channel = channel, .partition = RD_KAFKA_PARTITION_UA});
  }
  auto const code = rd_kafka_subscribe(client_.get(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw error_of(code, about_);
}

/// From now on: the ends are looked up here, since those that the client would find later may be
/// behind a reply.
void KafkaConsumer::listen(std::span<std::string const> channels, std::stop_token const& stop) {
  // Shared with the question, which may outlive this.
  std::shared_ptr<List> const list{new_list()};
  for (auto const& channel : channels) append_partitions(channel, list.get(), stop);
  auto const question = [client = client_.get(), list,
                         timeout = static_cast<int>(request_timeout_.count())] {
    return rd_kafka_offsets_for_times(client, list.get(), timeout);
  };
  auto const code = questions_->ask(question, stop);
  if (!code) give_up(about_);
  if (*code != RD_KAFKA_RESP_ERR_NO_ERROR) throw error_of(*code, about_);
  for (auto const& entry : entries(list.get())) {
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR) throw error_of(entry.err, about_);
  }
  for (int i = 0; i < list->cnt; ++i) begin_at_end(list->elems[i]);
  assign(list.get());
  hooks_.rethrow();
}

void KafkaConsumer::append_partitions(std::string const& channel, List* list,
                                      std::stop_token const& stop) {
  auto const question = [client = client_.get(), channel,
                         timeout = static_cast<int>(request_timeout_.count())] {
    return metadata_of(client, channel, timeout);
  };
  auto const answer = questions_->ask(question, stop);
  if (!answer) give_up("listen to '" + channel + "'");
  auto code = answer->code;
  auto const& found = answer->found;
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
  require_made_here(client_.get_deleter().process, "kafka: this consumer");
  news_.clear();
  alarm_.clear();
  now_ = clock_.steady();
  finish_revocation(Deadline::never());
  finish_beginning_anew();
  std::vector<ConsumerEvent> events;
  take_answer(events);
  watch_owners(events);
  give_kept(events);
  store_when_proved();
  deliver(events);
  look_back_when_idle();
  ask();
  hooks_.rethrow();
  if (leaving_) news_.ring();
  if (!events.empty()) {
    // What the client had fetched before does not show that the cluster works now.
    if (away_) events.emplace_back(BrokerAway{*suspicion_});
    return events;
  }
  if (trouble_) throw Error{*std::exchange(trouble_, std::nullopt)};
  if (away_) throw Error{*suspicion_};
  return events;
}

void KafkaConsumer::deliver(std::vector<ConsumerEvent>& events) {
  std::ranges::move(std::exchange(announced_, {}), std::back_inserter(events));
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
  auto& owned = last_->second;
  if (broadcast_ && comes_late(owned)) look_back_behind(owned);
  if (is_doubtful(owned) && wants_to_look_back(owned)) return look_back(last_->first, owned);
  auto const taken = owned.trail.take(landmark_in(message));
  if (taken.step == Trail::Step::foreign) {
    begin_anew(last_->first, "another record is where a known one was");
    return;
  }
  if (taken.found) owned.proved = now_;
  // Then the coordinator is asked.
  owned.doubted = owned.doubted || taken.missed;
  if (taken.gap) gaps_.note(last_->first, *taken.gap);
  if (taken.step == Trail::Step::news) give(message, owned, events);
}

void KafkaConsumer::give(rd_kafka_message_t const& message, Owned& owned,
                         std::vector<ConsumerEvent>& events) {
  if (broadcast_) owned.trail.acknowledge(message.offset + 1);
  Delivery delivery{.source = last_->first,
                    .position = position_at(message.offset),
                    .key = std::string{text_of(message.key, message.key_len)},
                    .value = std::string{text_of(message.payload, message.len)}};
  if (is_doubtful(owned) || !owned.kept.empty()) {
    owned.doubted = owned.doubted || owned.kept.empty();
    keep(last_->first, owned, std::move(delivery));
    if (!owned.stored && !owned.storing) store_first(owned);
    return;
  }
  owned.delivered = now_;
  events.emplace_back(std::move(delivery));
}

/// Records that come after a while may be another topic's.
bool KafkaConsumer::is_doubtful(Owned const& owned) const {
  if (broadcast_) return false;
  return owned.doubted || !owned.stored || comes_late(owned);
}

bool KafkaConsumer::comes_late(Owned const& owned) const {
  return now_ - owned.trail.sure_until(owned.delivered, owned.proved) > doubted_after;
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

void KafkaConsumer::acknowledge(TopicPartition const& partition, Position last) {
  if (broadcast_) return;
  auto const owned = owned_.find(partition);
  if (owned == owned_.end()) return;
  auto const next = offset_of(last) + 1;
  owned->second.acknowledged = next;
  owned->second.trail.acknowledge(next);
}

void KafkaConsumer::pause(TopicPartition const& partition) {
  if (!client_ || !owned_.contains(partition)) return;
  paused_.insert(partition);
  switch_delivery(partition, rd_kafka_pause_partitions);
}

void KafkaConsumer::resume(TopicPartition const& partition) {
  if (!client_ || paused_.erase(partition) == 0) return;
  // The client reads again what it had fetched: a little more of it costs nothing.
  auto const owned = owned_.find(partition);
  if (owned != owned_.end() && wants_to_look_back(owned->second) && is_doubtful(owned->second))
    look_back(partition, owned->second);
  switch_delivery(partition, rd_kafka_resume_partitions);
}

void KafkaConsumer::switch_delivery(TopicPartition const& partition,
                                    Code (*with)(rd_kafka_t*, List*)) {
  auto const list = new_list();
  add(list.get(), partition);
  with(client_.get(), list.get());
}

void KafkaConsumer::give_kept(std::vector<ConsumerEvent>& events) {
  if (kept_ == 0) return;
  for (auto& [partition, owned] : owned_) {
    if (owned.kept.empty() || owned.doubted || paused_.contains(partition)) continue;
    kept_ -= owned.kept.size();
    owned.delivered = now_;
    if (owned.kept.size() >= kept_max) switch_delivery(partition, rd_kafka_resume_partitions);
    for (auto& delivery : std::exchange(owned.kept, {})) events.emplace_back(std::move(delivery));
  }
}

void KafkaConsumer::keep(TopicPartition const& partition, Owned& owned, Delivery delivery) {
  owned.kept.push_back(std::move(delivery));
  ++kept_;
  if (owned.kept.size() == kept_max) switch_delivery(partition, rd_kafka_pause_partitions);
}

}  // namespace tram::kafka
