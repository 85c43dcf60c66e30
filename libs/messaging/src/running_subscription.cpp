#include "running_subscription.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "received_record.hpp"
#include "tram/broker/broker.hpp"

namespace tram {
namespace {

/// Jobs out for each worker: one that runs, and some that it finds when it is done, so that the
/// loop need not be woken for each.
constexpr std::size_t jobs_per_worker = 4;
/// A consumer must be polled at least once a second.
constexpr Duration poll_interval_longest{std::chrono::milliseconds{500}};
/// One that cannot tell when there is something.
constexpr Duration poll_interval_blind{std::chrono::milliseconds{10}};
/// `transient` goes on by itself; when it does not, a new consumer may.
constexpr int transient_failures_max = 20;
constexpr Duration close_timeout{std::chrono::seconds{5}};

std::vector<std::string> mapped_channels(NameMapping const& mapping,
                                         std::vector<std::string> const& channels) {
  std::vector<std::string> result;
  result.reserve(channels.size());
  for (auto const& channel : channels) result.push_back(mapped(mapping, channel));
  return result;
}

Counterpart::Names names_of(Subscription const& subscription, std::string_view with) {
  return {.events = "subscription",
          .owner_field = "subscriber",
          .owner = subscription.subscriber_id,
          .with = with};
}

}  // namespace

RunningSubscription::RunningSubscription(SubscriberParts const& parts,
                                         SubscriberOptions const& options,
                                         Subscription subscription, std::shared_ptr<JobBoard> board)
    : parts_{parts},
      options_{options},
      subscription_{std::move(subscription)},
      channels_{mapped_channels(options.channel_mapping, subscription_.channels)},
      group_{mapped(options.group_mapping, subscription_.subscriber_id)},
      board_{std::move(board)},
      runner_{std::make_shared<JobRunner const>(parts.database, options.schema, subscription_,
                                                options.interceptors, parts.logger)},
      core_{subscription_.options, jobs_per_worker * parts.workers.count(), parts.random},
      broker_{names_of(subscription_, "broker"),
              {options.back_off_first, options.back_off_longest},
              parts.random,
              parts.logger},
      held_{names_of(subscription_, "held messages"),
            {options.held_check_interval, options.held_check_interval},
            parts.random,
            parts.logger},
      last_progress_{parts.clock.steady()} {}

bool RunningSubscription::step(SteadyTime now) {
  now_ = now;
  if (!consumer_ && !draining_) subscribe();
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

void RunningSubscription::close() {
  acknowledge();
  if (consumer_) consumer_->close(close_timeout);
  drop_consumer();
}

// --- the consumer

void RunningSubscription::subscribe() {
  if (!broker_.may_be_tried(now_)) return;
  try {
    ConsumerMode const mode{.group = group_, .start = subscription_.options.start};
    consumer_ = parts_.broker.subscribe(mode, channels_);
    progressed_ = true;
  } catch (Error const& error) { consumer_failed(error); }
}

void RunningSubscription::poll() {
  if (!broker_.may_be_tried(now_)) return;
  with_consumer([&] {
    auto events = consumer_->poll();
    broker_.succeeded();
    quiet_ = events.empty();
    progressed_ |= !quiet_;
    for (auto& event : events) take(std::move(event));
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
        } else if (!draining_) {
          ++counters_.delivered;
          auto const source = each.source;
          auto const position = each.position;
          auto items = lane_items(subscription_.subscriber_id, std::move(each));
          core_.delivered(source, position, std::move(items));
        }
      },
      event);
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
}

void RunningSubscription::acknowledge() {
  with_consumer([&] {
    for (auto const& [partition, next] : core_.take_acknowledgements()) {
      consumer_->acknowledge(partition, next);
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

// --- jobs

void RunningSubscription::start_jobs() {
  core_.tick(now_);
  while (auto next = core_.take_job(now_)) {
    progressed_ = true;
    board_->submit(parts_.workers, [this, runner = runner_, job = std::move(*next)]() mutable {
      runner->run(job);
      return JobBoard::Continuation{
          [this, job = std::move(job)]() mutable { finished(std::move(job)); }};
    });
  }
}

void RunningSubscription::finished(Job job) {
  progressed_ = true;
  now_ = parts_.clock.steady();
  for (auto const& item : job.items) count(item);
  core_.finished(std::move(job), now_);
  log_breaker();
}

void RunningSubscription::count(LaneItem const& item) {
  auto const& incoming = item.incoming;
  // The run that holds it is none of the handler's.
  int const attempt = item.outcome == Outcome::held ? item.failures : incoming.attempt;
  auto const log = [&](std::string_view event) {
    parts_.logger.warning(event, {{"subscriber", subscription_.subscriber_id},
                                  {"key", incoming.key},
                                  {"attempt", attempt},
                                  {"reason", item.reason}});
  };
  switch (item.outcome) {
    case Outcome::handled: ++counters_.handled; break;
    case Outcome::duplicate: ++counters_.duplicates; break;
    case Outcome::held:
      ++counters_.held;
      if (incoming.message.headers.empty()) ++counters_.malformed;
      log("subscription.held");
      break;
    case Outcome::held_behind: ++counters_.held_behind; break;
    case Outcome::failed:
    case Outcome::hopeless:
      ++counters_.failures;
      log("subscription.failed");
      return;
    case Outcome::unavailable: log("subscription.unavailable"); return;
    case Outcome::run_alone: return;
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
  board_->submit(parts_.workers, [this, runner = runner_]() -> JobBoard::Continuation {
    try {
      return [this, keys = runner->requested()] {
        looks_for_replays_ = false;
        held_.succeeded();
        start_replays(keys);
      };
    } catch (Error const& error) {
      return [this, error] {
        looks_for_replays_ = false;
        held_.failed(error, now_);
      };
    }
  });
}

void RunningSubscription::start_replays(std::vector<HeldKey> const& keys) {
  for (auto const& key : keys) {
    if (draining_ || !replaying_.insert(key).second) continue;
    board_->submit(parts_.workers, [this, runner = runner_, board = board_, key] {
      auto const replay = runner->replay(key, [&] { return board->is_closed(); });
      return JobBoard::Continuation{[this, key, replay] { replayed(key, replay); }};
    });
  }
}

void RunningSubscription::replayed(HeldKey const& key, Replay const& replay) {
  progressed_ = true;
  replaying_.erase(key);
  counters_.replayed += replay.replayed;
  parts_.logger.info("subscription.replayed", {{"subscriber", subscription_.subscriber_id},
                                               {"channel", key.channel},
                                               {"key", key.key},
                                               {"messages", replay.replayed},
                                               {"refused", replay.refused.value_or("")},
                                               {"unavailable", replay.unavailable.value_or("")}});
}

// --- what others want to know

SteadyTime RunningSubscription::next_step() const {
  auto const interval =
      consumer_ && consumer_->descriptor() < 0 ? poll_interval_blind : poll_interval_longest;
  auto next = now_ + interval;
  if (draining_) return next;
  if (!broker_.may_be_tried(now_)) next = std::min(next, broker_.not_before());
  if (!looks_for_replays_) next = std::min(next, next_held_check_);
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
                            .last_progress = last_progress_,
                            .trouble = core_.trouble()};
  for (auto const* const side : {&broker_, &held_}) {
    if (side->trouble().empty()) continue;
    if (!status.trouble.empty()) status.trouble += "; ";
    status.trouble += side->trouble();
  }
  return status;
}

bool RunningSubscription::idle() const {
  return consumer_ && quiet_ && core_.waiting() + core_.running() == 0 && replaying_.empty();
}

}  // namespace tram
