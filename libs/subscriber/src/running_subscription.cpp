#include "running_subscription.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "received_record.hpp"
#include "tram/broker/broker.hpp"

namespace tram {
namespace {

/// Batches out for each worker: one that runs, and some that it finds when it is done, so that the
/// loop need not be woken for each.
constexpr std::size_t batches_per_worker = 4;
/// A consumer must be polled at least once a second.
constexpr Duration poll_interval_longest{std::chrono::milliseconds{500}};
/// One that cannot tell when there is something.
constexpr Duration poll_interval_blind{std::chrono::milliseconds{10}};
/// `transient` goes on by itself; when it does not, a new consumer may.
constexpr int transient_failures_max = 20;
/// Held keys that one look finds, and that are known at a time.
constexpr std::size_t requests_max = 1'000;
constexpr std::size_t replay_keys_max = 10'000;

std::vector<std::string> mapped_channels(NameMapping const& mapping,
                                         std::vector<std::string> const& channels) {
  std::vector<std::string> result;
  result.reserve(channels.size());
  for (auto const& channel : channels) result.push_back(mapped(mapping, channel));
  return result;
}

/// What was fetched before proves nothing of now.
std::optional<Error> last_away(std::vector<ConsumerEvent> const& events) {
  if (events.empty()) return std::nullopt;
  auto const* const away = std::get_if<BrokerAway>(&events.back());
  return away == nullptr ? std::nullopt : std::optional{away->why};
}

RetryGate::Names names_of(Subscription const& subscription, std::string_view with) {
  return {.events = "subscription",
          .owner_field = "subscriber",
          .owner = subscription.subscriber_id,
          .with = with};
}

}  // namespace

RunningSubscription::RunningSubscription(SubscriberParts const& parts,
                                         SubscriberOptions const& options,
                                         Subscription subscription,
                                         std::shared_ptr<CompletionQueue> board,
                                         ReplaySlots& replay_slots)
    : parts_{parts},
      options_{options},
      subscription_{std::move(subscription)},
      channels_{mapped_channels(options.channel_mapping, subscription_.channels)},
      group_{mapped(options.group_mapping, subscription_.subscriber_id)},
      board_{std::move(board)},
      runner_{std::make_shared<BatchHandler const>(parts.database, options.schema, subscription_,
                                                   options.interceptors, parts.logger)},
      core_{subscription_.options, batches_per_worker * parts.workers.count(), parts.random},
      broker_{names_of(subscription_, "broker"),
              {options.back_off_first, options.back_off_longest},
              parts.random,
              parts.logger},
      held_{names_of(subscription_, "held messages"),
            {options.held_check_interval, options.held_check_interval},
            parts.random,
            parts.logger},
      replays_{subscription_.options, replay_keys_max, parts.random},
      replay_slots_{replay_slots},
      last_progress_{parts.clock.steady()} {}

bool RunningSubscription::step(SteadyTime now, std::stop_token const& stop) {
  now_ = now;
  if (!consumer_ && !draining_) subscribe(stop);
  // What is done goes first: a poll may be the one after which a revoked partition is gone.
  acknowledge();
  poll();
  change_flow();
  if (!draining_) {
    look_for_replays();
    start_jobs();
  }
  if (core_.waiting() + core_.running() == 0) last_progress_ = now_;
  return std::exchange(progressed_, false);
}

void RunningSubscription::begin_drain() {
  draining_ = true;
  with_consumer([&] {
    for (auto const& partition : core_.owned()) consumer_->pause(partition);
  });
}

void RunningSubscription::close(Duration timeout) {
  if (consumer_) consumer_->close(timeout);
  drop_consumer();
}

// --- the consumer

void RunningSubscription::subscribe(std::stop_token const& stop) {
  if (!broker_.may_be_tried(now_)) return;
  try {
    ConsumerMode const mode{.group = group_,
                            .owner = options_.service,
                            .start = subscription_.options.start,
                            .create_channels = options_.create_channels};
    consumer_ = parts_.broker.subscribe(mode, channels_, stop);
    for (auto const& channel : consumer_->created_channels()) {
      parts_.logger.info("subscription.channel_created",
                         {{"subscriber", subscription_.subscriber_id}, {"channel", channel}});
    }
    progressed_ = true;
  } catch (Error const& error) {
    // Cut short by the stop, it is no trouble of the broker's.
    if (!stop.stop_requested()) consumer_failed(error);
  }
}

void RunningSubscription::poll() {
  if (!broker_.may_be_tried(now_)) return;
  with_consumer([&] {
    auto events = consumer_->poll();
    // Partitions may be revoked because the broker is away.
    bool const proves_nothing =
        !events.empty() && std::ranges::all_of(events, [](ConsumerEvent const& event) {
          return std::holds_alternative<Revoked>(event);
        });
    auto const away = last_away(events);
    if (!proves_nothing && !away) broker_.succeeded();
    quiet_ = events.empty();
    progressed_ |= !quiet_;
    for (auto& event : events) take(std::move(event));
    if (away) consumer_failed(*away);
  });
}

void RunningSubscription::take(ConsumerEvent event) {
  std::visit(
      [&]<class Event>(Event& each) {
        if constexpr (std::is_same_v<Event, Assigned>) {
          core_.assigned(each.partition);
        } else if constexpr (std::is_same_v<Event, Revoked>) {
          core_.revoked(each.partition);
          ++counters_.rebalances;
        } else if constexpr (std::is_same_v<Event, GroupShared>) {
          take(std::move(each));
        } else if constexpr (std::is_same_v<Event, RecordsExpired>) {
          take(each);
        } else if constexpr (std::is_same_v<Event, BrokerAway>) {
          // Has been looked at.
        } else if (!draining_) {
          ++counters_.delivered;
          auto const source = each.source;
          auto const position = each.position;
          auto messages = queued_messages(subscription_.subscriber_id, std::move(each));
          core_.delivered(source, position, std::move(messages));
        }
      },
      event);
}

/// Both may be right, as while a service is renamed: that is for people to judge.
void RunningSubscription::take(GroupShared event) {
  shared_with_ = std::move(event.owners);
  auto const& id = subscription_.subscriber_id;
  if (shared_with_.empty()) {
    parts_.logger.info("subscription.not_shared_any_more",
                       {{"subscriber", id}, {"service", options_.service}});
    return;
  }
  std::string others;
  for (auto const& each : shared_with_) others += (others.empty() ? "'" : ", '") + each + "'";
  parts_.logger.warning(
      "subscription.shared",
      {{"subscriber", id},
       {"service", options_.service},
       {"with", others},
       {"what", "service '" + options_.service + "' and service " + others +
                    " use the same subscriber id: each gets only a part of the messages; give "
                    "each its own subscriber id"}});
}

void RunningSubscription::take(RecordsExpired const& event) {
  counters_.expired += static_cast<std::uint64_t>(event.records);
  parts_.logger.error("subscription.records_expired",
                      {{"subscriber", subscription_.subscriber_id},
                       {"channel", event.partition.channel},
                       {"partition", event.partition.partition},
                       {"records", event.records},
                       {"what", "the broker removed them before they were read: they are not "
                                "handled; have their senders send again what is missed, and let "
                                "the broker keep records longer"}});
}

template <class Function>
void RunningSubscription::with_consumer(Function&& function) {
  if (!consumer_) return;
  try {
    function();
  } catch (Error const& error) { consumer_failed(error); }
}

void RunningSubscription::consumer_failed(Error const& error) {
  quiet_ = false;
  bool const goes_on_by_itself =
      consumer_ && error.fault() == Fault::transient && broker_.failures() < transient_failures_max;
  if (goes_on_by_itself) {
    broker_.failed(error, now_, poll_interval_longest);
  } else {
    broker_.failed(error, now_);
    drop_consumer();
  }
}

void RunningSubscription::drop_consumer() {
  consumer_.reset();
  core_.all_revoked();
  shared_with_.clear();
}

void RunningSubscription::acknowledge() {
  with_consumer([&] {
    for (auto const& [partition, last] : core_.take_acknowledgements()) {
      consumer_->acknowledge(partition, last);
    }
  });
}

void RunningSubscription::change_flow() {
  with_consumer([&] {
    for (auto const& [partition, flow] : core_.take_flow_changes()) {
      if (flow == SubscriptionCore::Flow::pause) {
        consumer_->pause(partition);
      } else if (!draining_) {
        consumer_->resume(partition);
      }
    }
  });
}

// --- batches

void RunningSubscription::start_jobs() {
  core_.tick(now_);
  while (auto next = core_.take_batch(now_)) {
    progressed_ = true;
    board_->submit(parts_.workers, [this, runner = runner_, batch = std::move(*next)]() mutable {
      auto results = runner->run(batch);
      return CompletionQueue::Continuation{
          [this, batch = std::move(batch), results = std::move(results)]() mutable {
            finished(std::move(batch), results);
          }};
    });
  }
}

void RunningSubscription::finished(Batch batch, RunResults const& results) {
  progressed_ = true;
  now_ = parts_.clock.steady();
  for (std::size_t i = 0; i < results.size(); ++i) count(batch.messages[i], results[i]);
  core_.finished(std::move(batch), results, now_);
  log_breaker();
}

void RunningSubscription::count(QueuedMessage const& message, RunResult const& result) {
  auto const& incoming = message.incoming;
  // The run that holds it is none of the handler's.
  int const attempt = result.status == RunStatus::held ? message.failures : incoming.attempt;
  auto const log = [&](std::string_view event) {
    parts_.logger.warning(event, {{"subscriber", subscription_.subscriber_id},
                                  {"key", incoming.key},
                                  {"attempt", attempt},
                                  {"reason", result.reason}});
  };
  switch (result.status) {
    case RunStatus::handled: ++counters_.handled; break;
    case RunStatus::duplicate: ++counters_.duplicates; break;
    case RunStatus::held:
      ++counters_.held;
      if (incoming.message.headers.empty()) ++counters_.malformed;
      log("subscription.held");
      break;
    case RunStatus::held_behind: ++counters_.held_behind; break;
    case RunStatus::failed:
    case RunStatus::hopeless:
      ++counters_.failures;
      log("subscription.failed");
      return;
    case RunStatus::unavailable: log("subscription.unavailable"); return;
    case RunStatus::run_alone: return;
  }
  last_progress_ = now_;
}

void RunningSubscription::log_breaker() {
  if (std::exchange(paused_, core_.paused()) == core_.paused()) return;
  if (paused_) {
    parts_.logger.warning("subscription.paused", {{"subscriber", subscription_.subscriber_id},
                                                  {"reason", core_.trouble()}});
  } else {
    parts_.logger.info("subscription.resumed", {{"subscriber", subscription_.subscriber_id}});
  }
}

// --- held messages

void RunningSubscription::look_for_replays() {
  if (looks_for_replays_ || now_ < next_held_check_) return;
  looks_for_replays_ = true;
  progressed_ = true;
  next_held_check_ = now_ + options_.held_check_interval;
  board_->submit(
      parts_.workers,
      [this, runner = runner_, after = requests_after_]() -> CompletionQueue::Continuation {
        try {
          return [this, keys = runner->requested(after, requests_max)] {
            looks_for_replays_ = false;
            held_.succeeded();
            found_requests(keys);
          };
        } catch (Error const& error) {
          return [this, error] {
            looks_for_replays_ = false;
            held_.failed(error, now_);
          };
        }
      });
}

/// The next look begins where this one ended, so that every key that waits is found in the end,
/// however many there are.
void RunningSubscription::found_requests(std::vector<HeldKey> const& keys) {
  replays_.requested(keys);
  bool const may_be_more = keys.size() == requests_max;
  requests_after_ = may_be_more ? std::optional{keys.back()} : std::nullopt;
  if (may_be_more && !replays_.full()) next_held_check_ = now_;
}

bool RunningSubscription::start_replay() {
  if (draining_ || replay_slots_.used == replay_slots_.max) return false;
  auto turn = replays_.take(now_);
  if (turn.empty()) return false;
  ++replay_slots_.used;
  board_->submit(parts_.workers, [this, runner = runner_, board = board_, turn = std::move(turn)] {
    auto runs = runner->replay(turn, [&] { return board->is_closed(); });
    return CompletionQueue::Continuation{
        [this, turn, runs = std::move(runs)] { replayed(turn, runs); }};
  });
  return true;
}

void RunningSubscription::replayed(ReplayTurn const& turn, ReplayRuns const& runs) {
  progressed_ = true;
  now_ = parts_.clock.steady();
  --replay_slots_.used;
  replays_.finished(turn, runs, now_);
  for (std::size_t i = 0; i < turn.size(); ++i) count_replays(turn[i].key, runs[i]);
}

void RunningSubscription::count_replays(HeldKey const& key, ReplayRun const& run) {
  counters_.replayed += run.replayed;
  if (run.trouble && run.trouble->status != RunStatus::unavailable) ++counters_.replay_failures;
  replayed_[key] += run.replayed;
  log_replay(key, run);
  if (run.done || run.given_up) replayed_.erase(key);
}

void RunningSubscription::log_replay(HeldKey const& key, ReplayRun const& run) {
  if (run.trouble) {
    parts_.logger.warning("subscription.replay_failed",
                          {{"subscriber", subscription_.subscriber_id},
                           {"channel", key.channel},
                           {"key", key.key},
                           {"attempt", run.attempts},
                           {"given_up", run.given_up ? "yes" : "no"},
                           {"reason", run.trouble->reason}});
  }
  if (!run.done || replayed_[key] == 0) return;
  parts_.logger.info("subscription.replayed", {{"subscriber", subscription_.subscriber_id},
                                               {"channel", key.channel},
                                               {"key", key.key},
                                               {"messages", replayed_[key]}});
}

// --- what others want to know

SteadyTime RunningSubscription::next_step() const {
  auto const interval =
      consumer_ && consumer_->descriptor() < 0 ? poll_interval_blind : poll_interval_longest;
  auto next = now_ + interval;
  if (draining_) return next;
  if (!broker_.may_be_tried(now_)) next = std::min(next, broker_.not_before());
  if (!looks_for_replays_) next = std::min(next, next_held_check_);
  if (replay_slots_.used < replay_slots_.max) next = std::min(next, replays_.next_due());
  return std::min(next, core_.next_due());
}

int RunningSubscription::descriptor() const {
  return consumer_ && broker_.may_be_tried(now_) ? consumer_->descriptor() : -1;
}

SubscriptionStatus RunningSubscription::status() const {
  SubscriptionStatus status{.subscriber_id = subscription_.subscriber_id,
                            .counters = counters_,
                            .partitions = core_.partitions(),
                            .waiting = core_.waiting(),
                            .running = core_.running(),
                            .paused = core_.paused(),
                            .shared_with = shared_with_,
                            .last_progress = last_progress_,
                            .trouble = core_.trouble()};
  if (!consumer_ && !draining_ && broker_.trouble().empty() && status.trouble.empty()) {
    status.trouble = "it has not subscribed yet";
  }
  for (auto const* const side : {&broker_, &held_}) {
    if (side->trouble().empty()) continue;
    if (!status.trouble.empty()) status.trouble += "; ";
    status.trouble += side->trouble();
  }
  return status;
}

bool RunningSubscription::idle() const {
  return consumer_ && quiet_ && core_.waiting() + core_.running() == 0 && replays_.empty();
}

}  // namespace tram
