#include "kafka_producer.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>

#include "batch_limit.hpp"
#include "client_secrets.hpp"
#include "faults.hpp"
#include "principal.hpp"
#include "tram/base/assert.hpp"
#include "tram/wire/channel_name.hpp"

namespace tram::kafka {
namespace {

Sequence sequence_of(rd_kafka_message_t const& message) {
  return Sequence{reinterpret_cast<std::uintptr_t>(message._private)};
}

ChannelRoute& route_of(rd_kafka_message_t const& message) {
  return *static_cast<ChannelRoute*>(rd_kafka_topic_opaque(message.rkt));
}

std::string publish_to(std::string_view channel) {
  return "publish to '" + std::string{channel} + "'";
}

Error too_large(RecordView const& record, std::size_t most) {
  return Error{Fault::rejected, "kafka: " + publish_to(record.channel) + ": a value of " +
                                    std::to_string(record.value.size()) +
                                    " bytes is too large; send at most " + std::to_string(most) +
                                    ", or raise Config::record_bytes_max and the topic's "
                                    "max.message.bytes"};
}

ConfHandle conf_for(Config const& config, std::size_t batch_bytes, ClientHooks& hooks) {
  auto conf = conf_of(producer_properties(config, batch_bytes));
  hooks.install(conf.get());
  rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR | RD_KAFKA_EVENT_ERROR);
  return conf;
}

}  // namespace

KafkaProducer::KafkaProducer(Config const& config, std::shared_ptr<BatchBytes> batch_bytes,
                             Clock const& clock, Logger const& logger)
    : window_{config.window},
      record_bytes_max_{config.record_bytes_max},
      batch_bytes_{std::move(batch_bytes)},
      window_bytes_{config.window_bytes},
      clock_{clock},
      uses_{std::make_shared<Uses>(logger)},
      client_{make_client(RD_KAFKA_PRODUCER, conf_for(config, *batch_bytes_, hooks_))},
      queue_{rd_kafka_queue_get_main(client_.get())} {
  news_.watch(queue_.get());
}

KafkaProducer::~KafkaProducer() {
  // What is left is the caller's to submit again; without this the client would linger on it.
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                    RD_KAFKA_PURGE_F_NON_BLOCKING);
  last_topic_ = nullptr;
  topics_.clear();
  queue_.reset();
  end_client(std::move(client_), uses_, hooks_.logger(), end_patience);
}

bool KafkaProducer::submit(RecordView const& record, Sequence sequence) {
  require_made_here(client_.get_deleter().process, "kafka: this producer");
  TRAM_ASSERT(!last_ || sequence > *last_, "sequences ascend");
  if (trouble_ || finished_) {
    throw Error{Fault::broken, "kafka: this producer is finished; take a new one"};
  }
  if (open_ >= window_ || waiting_bytes_ >= window_bytes_) return false;
  if (record.value.size() > record_bytes_max_) {
    return refused(too_large(record, record_bytes_max_), sequence);
  }
  Topic* to{};
  try {
    to = &topic(record.channel);
  } catch (Error const& error) { return refused(error, sequence); }
  auto const outcome = to->route->take(to->handle.get(), record, sequence);
  if (outcome == ChannelRoute::Outcome::full) return false;
  if (outcome == ChannelRoute::Outcome::refused) {
    return not_taken(rd_kafka_last_error(), record, sequence);
  }
  last_ = sequence;
  ++open_;
  return true;
}

KafkaProducer::Topic& KafkaProducer::topic(std::string_view channel) {
  if (last_topic_ != nullptr && channel == last_channel_) return *last_topic_;
  auto found = topics_.find(channel);
  if (found == topics_.end()) {
    check_channel_name(channel);
    found = topics_.emplace(channel, make_topic(std::string{channel})).first;
  }
  last_channel_ = found->first;
  last_topic_ = &found->second;
  return *last_topic_;
}

KafkaProducer::Topic KafkaProducer::make_topic(std::string const& channel) {
  auto& route = routes_.try_emplace(channel, clock_, waiting_bytes_).first->second;
  auto* const conf = rd_kafka_default_topic_conf_dup(client_.get());
  route.install(conf);
  TopicHandle made{rd_kafka_topic_new(client_.get(), channel.c_str(), conf)};
  if (!made) throw error_as(Fault::rejected, rd_kafka_last_error(), publish_to(channel));
  ask_batch_limit(client_.get(), channel, route, queue_.get());
  return {.handle = std::move(made), .route = &route};
}

std::int32_t KafkaProducer::partitions(std::string_view channel) const {
  auto const found = routes_.find(channel);
  return found == routes_.end() ? 0 : found->second.partitions();
}

bool KafkaProducer::refused(Error error, Sequence sequence) {
  auto const channel = trouble_of_channel(static_cast<rd_kafka_resp_err_t>(error.native_code()));
  refused_.push_back({.sequence = sequence,
                      .error = with_principal(std::move(error), client_.get()),
                      .channel = channel});
  last_ = sequence;
  ++open_;
  news_.ring();
  return true;
}

/// Of a client that has failed for good, the cause.
Error KafkaProducer::broken(rd_kafka_resp_err_t code, std::string const& what) const {
  if (code != RD_KAFKA_RESP_ERR__FATAL) return error_as(Fault::broken, code, what);
  std::array<char, 512> reason{};
  auto const cause = rd_kafka_fatal_error(client_.get(), reason.data(), reason.size());
  return error_as(Fault::broken, cause, what, secrets_in(client_.get()).hidden_in(reason.data()));
}

Completion KafkaProducer::refusal(Sequence sequence, rd_kafka_resp_err_t code,
                                  std::string const& what) const {
  return {.sequence = sequence,
          .error = with_principal(error_as(Fault::rejected, code, what), client_.get()),
          .channel = trouble_of_channel(code)};
}

bool KafkaProducer::not_taken(rd_kafka_resp_err_t code, RecordView const& record,
                              Sequence sequence) {
  if (blame_of(code) == Blame::producer) {
    finish(broken(code, publish_to(record.channel)));
    throw Error{Fault::broken, trouble_->what()};
  }
  return refused(error_as(Fault::rejected, code, publish_to(record.channel)), sequence);
}

std::vector<Completion> KafkaProducer::completions() {
  if (finished_) return {};
  news_.clear();
  auto completions = std::exchange(refused_, {});
  while (!finished_) {
    EventHandle const event{rd_kafka_queue_poll(queue_.get(), 0)};
    if (!event) break;
    take(event.get(), completions);
  }
  if (!trouble_) hand_over_waiting(completions);
  open_ -= completions.size();
  return completions;
}

void KafkaProducer::take(rd_kafka_event_t* event, std::vector<Completion>& completions) {
  switch (rd_kafka_event_type(event)) {
    case RD_KAFKA_EVENT_DR: return take_reports(event, completions);
    case RD_KAFKA_EVENT_ERROR: return take_error(event);
    case RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT: return take_batch_limit(event);
    default: return;
  }
}

/// Where the brokers do not tell, refusals do.
void KafkaProducer::take_batch_limit(rd_kafka_event_t* event) {
  auto const& [route, bytes, timed_out] = batch_limit_in(event);
  if (timed_out) return ask_again(route);
  if (bytes) route.limit_batches(*bytes, *batch_bytes_);
  else route.leave_batches_unlimited();
}

void KafkaProducer::ask_again(ChannelRoute& route) {
  auto const asked = std::ranges::find_if(
      topics_, [&](auto const& topic) { return topic.second.route == &route; });
  if (asked != topics_.end()) ask_batch_limit(client_.get(), asked->first, route, queue_.get());
}

void KafkaProducer::hand_over_waiting(std::vector<Completion>& completions) {
  if (waiting_bytes_ == 0) return;
  for (auto& [channel, topic] : topics_) {
    for (auto const& [sequence, code] : topic.route->hand_over_waiting(topic.handle.get())) {
      if (blame_of(code) == Blame::producer) {
        finish(broken(code, publish_to(channel)), sequence, completions);
        return;
      }
      completions.push_back(refusal(sequence, code, publish_to(channel)));
    }
  }
}

/// One event holds the records of one batch.
void KafkaProducer::take_reports(rd_kafka_event_t* event, std::vector<Completion>& completions) {
  std::vector<rd_kafka_message_t const*> messages(rd_kafka_event_message_count(event));
  messages.resize(rd_kafka_event_message_array(event, messages.data(), messages.size()));
  if (messages.empty()) return;
  if (messages.front()->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    take_failures(messages, completions);
    return;
  }
  if (std::ranges::any_of(messages, [](auto const* each) { return each->offset < 0; })) {
    take_implied(messages, completions);
    return;
  }
  completions.reserve(completions.size() + messages.size());
  auto& route = route_of(*messages.front());
  for (auto const* const message : messages) {
    completions.push_back({.sequence = sequence_of(*message)});
    route.acknowledged(*message);
  }
}

/// Nobody said where they are: the client counts them as written since later ones are. They may
/// have been refused.
void KafkaProducer::take_implied(Batch batch, std::vector<Completion>& completions) {
  finish(Error{Fault::broken, "kafka: " + publish_to(rd_kafka_topic_name(batch.front()->rkt)) +
                                  ": no broker acknowledged " + std::to_string(batch.size()) +
                                  " records before later ones of their partition; they are "
                                  "published again"},
         sequence_of(*batch.front()), completions);
}

void KafkaProducer::take_failures(Batch batch, std::vector<Completion>& completions) {
  auto const code = batch.front()->err;
  auto const what = publish_to(rd_kafka_topic_name(batch.front()->rkt));
  auto const blame = blame_of(code);
  if (!trouble_ && (blame == Blame::channel || (blame == Blame::batch && batch.size() == 1))) {
    for (auto const* const message : batch) {
      completions.push_back(refusal(sequence_of(*message), code, what));
      route_of(*message).failed(*message);
    }
    return;
  }
  if (!trouble_ && blame == Blame::batch) {
    learn_batch_bytes(batch);
    finish(Error{Fault::broken,
                 "kafka: " + what + ": " + std::to_string(batch.size()) +
                     " records were refused together: " + rd_kafka_err2str(code) +
                     "; smaller batches will tell which one it was",
                 code});
  }
  finish(broken(code, what), sequence_of(*batch.front()), completions);
}

void KafkaProducer::finish(Error error, Sequence at, std::vector<Completion>& completions) {
  finish(std::move(error));
  finished_ = true;
  completions.push_back({.sequence = at, .error = trouble_});
}

/// A quarter, so that few attempts lead from the largest batch to a single record.
void KafkaProducer::learn_batch_bytes(Batch batch) {
  auto const bytes = std::accumulate(
      batch.begin(), batch.end(), std::size_t{0},
      [](std::size_t sum, auto const* each) { return sum + each->len + each->key_len; });
  auto const smaller = std::max<std::size_t>(1, bytes / 4);
  auto known = batch_bytes_->load();
  while (smaller < known && !batch_bytes_->compare_exchange_weak(known, smaller)) {}
}

/// librdkafka goes on by itself after most of what it reports here. Not so after a fatal error; and
/// nobody would hear of a refused password, since records wait for as long as it takes.
void KafkaProducer::take_error(rd_kafka_event_t* event) {
  auto const code = rd_kafka_event_error(event);
  auto const secrets = secrets_in(client_.get());
  auto const text = secrets.hidden_in(rd_kafka_event_error_string(event));
  if (code == RD_KAFKA_RESP_ERR__FATAL) return finish(broken(code, "the producer failed"));
  hooks_.logger().warning("kafka.producer", {{"code", rd_kafka_err2name(code)}, {"text", text}});
  if (fault_of(code) == Fault::rejected && open_ > 0) {
    finish(error_as(Fault::broken, code, "cannot publish", text));
  }
}

/// Everything that is open comes back as purged, and the first of it tells the caller.
void KafkaProducer::finish(Error error) {
  if (trouble_) return;
  trouble_ = with_principal(std::move(error), client_.get());
  rd_kafka_purge(client_.get(), RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT |
                                    RD_KAFKA_PURGE_F_NON_BLOCKING);
}

}  // namespace tram::kafka
