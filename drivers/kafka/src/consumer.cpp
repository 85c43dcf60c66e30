#include "consumer.hpp"

#include <algorithm>
#include <utility>

#include "faults.hpp"
#include "metadata.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"

namespace tram::kafka {
namespace {

/// Enough to spread the cost of a poll, and few enough to be handled before the next one is due.
constexpr std::size_t deliveries_max{500};
constexpr std::chrono::milliseconds store_interval{100};
/// What a client gets to end where leaving its group took all the time there was.
constexpr std::chrono::milliseconds end_patience_least{200};
/// A topic that is deleted and made anew gives no record for longer: the client waits before it
/// asks again after an error.
constexpr std::chrono::milliseconds doubted_after{250};
/// How many records of a partition wait for an answer before no more are fetched.
constexpr std::size_t kept_max{1'000};
/// The cluster is taken to work for so long after a sign that it does, and is then asked.
constexpr std::chrono::seconds sign_lasts{5};
constexpr std::chrono::milliseconds sign_patience{3'000};
constexpr std::chrono::milliseconds probe_pause{500};
/// How long a revocation waits for an answer.
constexpr std::chrono::milliseconds proof_patience{1'000};

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

/// What may still wait for the cluster, and goes before the client.
struct OpenQuestions {
  std::unique_ptr<Questions> questions;
  std::unique_ptr<PositionQuery> positions;
  std::unique_ptr<GroupOwners> owners;
};

std::string_view text_of(void const* bytes, std::size_t size) {
  return bytes == nullptr ? std::string_view{}
                          : std::string_view{static_cast<char const*>(bytes), size};
}

}  // namespace

/// As a delegate it has the destructor end the client when the rest fails.
KafkaConsumer::KafkaConsumer(Config const& config, ConsumerMode const& mode,
                             std::span<std::string const> channels, Clock& clock,
                             Logger const& logger, std::stop_token const& stop)
    : KafkaConsumer{config, mode, clock, logger} {
  if (!channels.empty()) first_channel_ = channels.front();
  query_ = std::make_unique<PositionQuery>(client_.get(), news_);
  try {
    if (broadcast_) listen(channels, stop);
    else join(channels);
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

void KafkaConsumer::join(std::span<std::string const> channels) {
  owners_ = std::make_unique<GroupOwners>(client_.get(), news_, owner_,
                                          std::vector(channels.begin(), channels.end()));
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
  assigned(list.get());
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
  now_ = clock_.steady();
  finish_revocation(Deadline::never());
  finish_beginning_anew();
  std::vector<ConsumerEvent> events;
  take_positions();
  watch_owners(events);
  give_kept(events);
  store_when_proved();
  deliver(events);
  ask_for_positions();
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
  if (message.offset < owned.next) {
    begin_anew(last_->first, "its positions begin anew");
    return;
  }
  Delivery delivery{.source = last_->first,
                    .position = message.offset,
                    .key = std::string{text_of(message.key, message.key_len)},
                    .value = std::string{text_of(message.payload, message.len)}};
  owned.next = message.offset + 1;
  if (is_doubtful(owned) || !owned.kept.empty()) {
    owned.doubted = owned.doubted || owned.kept.empty();
    keep(last_->first, owned, std::move(delivery));
    if (!owned.stored && !owned.stored_is_unknown && !owned.storing) store_first(owned);
    return;
  }
  owned.delivered = now_;
  events.emplace_back(std::move(delivery));
}

/// Records that come after a while may be another topic's.
bool KafkaConsumer::is_doubtful(Owned const& owned) const {
  if (broadcast_) return false;
  return owned.doubted || !owned.stored ||
         (now_ - std::max(owned.delivered, owned.proved) > doubted_after);
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

/// A position of a topic that is no more must not be stored for the one that took its name.
void KafkaConsumer::store_when_proved() {
  store_after_answer_ = false;
  if (storing_ > 0 || now_ < next_store_ || asked_to_store_) return;
  if (!wants_proof_to_store()) return store_acknowledged();
  store_after_answer_ = true;
}

bool KafkaConsumer::wants_proof_to_store() const {
  return std::ranges::any_of(owned_, [&](auto const& each) {
    auto const& owned = each.second;
    return owned.acknowledged && owned.stored && now_ - owned.proved > store_interval;
  });
}

void KafkaConsumer::ask_for_positions() {
  if (!query_ || query_->asking()) return;
  auto const list = new_list();
  asked_to_store_ = false;
  for (auto const& [partition, owned] : owned_) {
    bool const to_store = store_after_answer_ && owned.acknowledged && owned.stored;
    asked_to_store_ = asked_to_store_ || to_store;
    bool const in_doubt = owned.doubted && owned.stored;
    if (in_doubt || to_store || owned.stored_is_unknown) add(list.get(), partition);
  }
  if (list->cnt > 0) {
    query_->ask(list.get(), std::min(request_timeout_, sign_patience));
  } else if (wants_a_sign()) {
    // Any position will do: that there is an answer counts.
    if (!broadcast_) add(list.get(), {.channel = first_channel_, .partition = 0});
    auto const timeout = std::min(request_timeout_, sign_patience);
    // Whoever only listens needs no right on a group.
    if (broadcast_) query_->ask_for_a_sign(first_channel_, timeout);
    else query_->ask(list.get(), timeout);
  }
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

void KafkaConsumer::take_positions() {
  auto const answer = query_ ? query_->take() : std::nullopt;
  if (!answer) return;
  if (answer->code == RD_KAFKA_RESP_ERR_NO_ERROR) seen_to_work();
  else not_seen_to_work(answer->code);
  if (answer->partitions) prove(answer->partitions.get());
  // Another question's answer does not prove what was acknowledged meanwhile.
  if (std::exchange(asked_to_store_, false) && answer->partitions) {
    store_proved(answer->partitions.get());
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
    bool const is_news = std::exchange(owned.stored_is_unknown, false);
    if (entry.offset == RD_KAFKA_OFFSET_INVALID) {
      if (owned.stored) begin_anew(found->first, "the group's position is gone");
      else store_first(owned);
      continue;
    }
    if (!owned.stored) owned.stored = entry.offset;
    // The same position, signed: so the others learn who took the partition.
    bool const storable = !owned.acknowledged && !owned.storing && owned.stored == entry.offset;
    if (is_news && storable && owners_->is_foreign(entry)) owned.acknowledged = entry.offset;
    owned.proved = now_;
    owned.doubted = false;
  }
}

/// What is stored tells a topic from one that is made anew under its name: so something is, before
/// the first record is given to anybody.
void KafkaConsumer::store_first(Owned& owned) {
  if (!owned.acknowledged && !owned.kept.empty()) {
    owned.acknowledged = owned.kept.front().position;
    next_store_ = SteadyTime::min();
    news_.ring();
  }
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
                           {"what", "the topic was deleted and made anew: it is read from its "
                                    "beginning"}});
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
    owned_.try_emplace(partition);
    resume(partition);
    add(list.get(), partition).offset = RD_KAFKA_OFFSET_BEGINNING;
    announced_.emplace_back(Assigned{std::move(partition)});
  }
  if (list->cnt == 0) return;
  constexpr int without_waiting{0};
  ErrorHandle const error{rd_kafka_seek_partitions(client_.get(), list.get(), without_waiting)};
  if (error) failed(rd_kafka_error_code(error.get()), about_ + ", begin anew", {});
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
  if (owners_) owners_->sign(entry);
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
      owned->second.proved = now_;
      owned->second.doubted = false;
      news_.ring();
    }
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
    owned_.try_emplace(partition).first->second.stored_is_unknown = !broadcast_;
    announced_.emplace_back(Assigned{std::move(partition)});
  }
  auto const code = rd_kafka_assign(client_.get(), partitions);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) failed(code, about_, {});
  if (owners_) owners_->begin(clock_.steady());
}

void KafkaConsumer::revoked(List const* partitions) {
  leaving_.reset(rd_kafka_topic_partition_list_copy(partitions));
  if (owners_) owners_->end();
  for (auto const& entry : entries(partitions)) {
    auto partition = partition_of(entry);
    std::erase(beginning_anew_, partition);
    if (owned_.contains(partition)) announced_.emplace_back(Revoked{std::move(partition)});
  }
  if (closing_) finish_revocation(*closing_);
}

void KafkaConsumer::finish_revocation(Deadline deadline) {
  if (!leaving_) return;
  auto const leaving = std::exchange(leaving_, nullptr);
  prove_at_once(deadline);
  store_acknowledged();
  for (auto const& entry : entries(leaving.get())) owned_.erase(partition_of(entry));
  kept_ = 0;
  for (auto const& [partition, owned] : owned_) kept_ += owned.kept.size();
  last_ = owned_.end();
  rd_kafka_assign(client_.get(), nullptr);
}

void KafkaConsumer::failed(Code code, std::string const& what, std::string_view text) {
  auto error = error_of(code, what, text);
  hooks_.logger().warning("kafka.consumer", {{"consumer", about_}, {"what", error.what()}});
  // The group moved on without this member, which is told by a revocation.
  if (code == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) return;
  // One broker of several may be away, and the client tells each attempt: whether the cluster works
  // is asked.
  if (query_ && error.fault() == Fault::transient && is_about_connections(code)) {
    suspicion_ = std::move(error);
    return;
  }
  trouble_ = std::move(error);
}

KafkaConsumer::~KafkaConsumer() { end(end_patience); }

void KafkaConsumer::close(Duration timeout) noexcept {
  if (!client_) return;
  // The parent's, whose threads are not here; nothing of it is ended.
  if (client_.get_deleter().process != process_generation()) return client_.reset();
  auto const deadline = Deadline::after(clock_, timeout);
  try {
    leave(deadline);
  } catch (std::exception const& error) {
    // Late is harmless: what was not stored comes again.
    hooks_.logger().warning("kafka.close", {{"consumer", about_}, {"what", error.what()}});
  }
  owned_.clear();
  kept_ = 0;
  last_ = owned_.end();
  end(std::max<Duration>(deadline.remaining(clock_), end_patience_least));
}

void KafkaConsumer::end(Duration patience) noexcept {
  if (!client_) return;
  queue_.reset();
  try {
    end_client(std::move(client_), uses_, hooks_.logger(), patience,
               std::make_shared<OpenQuestions>(std::move(questions_), std::move(query_),
                                               std::move(owners_)));
  } catch (std::exception const& error) {
    hooks_.logger().warning("kafka.close", {{"consumer", about_}, {"what", error.what()}});
  }
}

void KafkaConsumer::leave(Deadline deadline) {
  closing_ = deadline;
  finish_revocation(deadline);
  prove_at_once(deadline);
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
