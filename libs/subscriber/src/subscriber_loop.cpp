#include "subscriber_loop.hpp"

#include <poll.h>

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "tram/base/timespec.hpp"

namespace tram {
namespace {

/// Between two batches of old rows, so that their removal does not delay messages.
constexpr Duration retention_pause{std::chrono::milliseconds{20}};
constexpr Duration retention_timeout{std::chrono::seconds{5}};
/// Most workers are for messages that just came in.
constexpr std::size_t workers_per_replay = 4;

}  // namespace

Subscriber::Loop::Loop(SubscriberParts parts, SubscriberOptions options,
                       std::vector<Subscription> subscriptions)
    : parts_{std::move(parts)},
      options_{std::move(options)},
      board_{std::make_shared<CompletionQueue>(parts_.clock, parts_.workers.count())},
      replay_slots_{.max = std::max<std::size_t>(parts_.workers.count() / workers_per_replay, 1)},
      inbox_{parts_.database.dialect(), options_.schema},
      retention_{{.events = "subscription",
                  .owner_field = "subscriber",
                  .owner = "(all)",
                  .with = "inbox retention"},
                 {options_.inbox_check_interval, options_.inbox_check_interval},
                 parts_.random,
                 parts_.logger},
      next_retention_{parts_.clock.steady()} {
  for (auto& subscription : subscriptions) {
    subscriber_ids_.push_back(subscription.subscriber_id);
    subscriptions_.push_back(std::make_unique<RunningSubscription>(
        parts_, options_, std::move(subscription), board_, replay_slots_));
  }
  look_at_clock();
  publish_status();
}

/// Jobs use what the caller gave us, and may not go on using it.
Subscriber::Loop::~Loop() {
  board_->close();
  board_->wait_until_nothing_runs();
}

bool Subscriber::Loop::step() {
  now_ = parts_.clock.steady();
  bool progressed = take_results();
  for (auto const& subscription : subscriptions_) {
    // Each may wait for a broker that is away.
    if (stop_.stop_requested()) return progressed;
    progressed |= subscription->step(now_, stop_);
  }
  progressed |= start_replays();
  if (!board_->is_closed()) forget_old_inbox_rows();
  publish_status();
  return progressed;
}

bool Subscriber::Loop::take_results() {
  auto const results = board_->take();
  for (auto const& then : results) then();
  return !results.empty();
}

/// One of each subscription in turn, until no more may begin.
bool Subscriber::Loop::start_replays() {
  std::size_t refused = 0;
  bool started = false;
  while (refused < subscriptions_.size()) {
    bool const starts = subscriptions_[replays_next_]->start_replay();
    replays_next_ = (replays_next_ + 1) % subscriptions_.size();
    refused = starts ? 0 : refused + 1;
    started |= starts;
  }
  return started;
}

SteadyTime Subscriber::Loop::next_step() const {
  auto next = forgets_ ? SteadyTime::max() : next_retention_;
  for (auto const& subscription : subscriptions_) next = std::min(next, subscription->next_step());
  return next;
}

// --- the thread

void Subscriber::Loop::run(std::stop_token const& stop) {
  parts_.logger.info("subscriber.started", {{"subscriptions", subscriptions_.size()}});
  std::stop_callback const nudge{stop, [this] { board_->wake(); }};
  stop_ = stop;
  while (!stop.stop_requested()) {
    if (!step()) wait(Deadline::never());
  }
  drain();
}

void Subscriber::Loop::drain() {
  stop_ = {};
  auto const deadline = Deadline::after(parts_.clock, options_.drain_timeout);
  board_->close();
  for (auto const& subscription : subscriptions_) subscription->begin_drain();
  while (!board_->nothing_runs() && !deadline.reached(parts_.clock)) {
    if (!step()) wait(deadline);
  }
  take_results();
  close_all();
  publish_status();
  parts_.logger.info("subscriber.stopped", {{"subscriptions", subscriptions_.size()}});
}

/// All at the same time: a broker that does not answer has each of them wait.
void Subscriber::Loop::close_all() {
  for (auto const& subscription : subscriptions_) subscription->acknowledge();
  std::vector<std::jthread> threads;
  for (auto const& subscription : subscriptions_) {
    auto const close = [&each = *subscription, timeout = options_.close_timeout] {
      each.close(timeout);
    };
    try {
      threads.emplace_back(close);
    } catch (std::system_error const&) {
      close();  // There are no threads left: then one after the other.
    }
  }
}

void Subscriber::Loop::wait(Deadline deadline) {
  std::vector<pollfd> descriptors{{.fd = board_->descriptor(), .events = POLLIN, .revents = 0}};
  for (auto const& subscription : subscriptions_) {
    descriptors.push_back({.fd = subscription->descriptor(), .events = POLLIN, .revents = 0});
  }
  auto const until = std::min(next_step(), deadline.time());
  auto const timeout = to_timespec(std::max(until - parts_.clock.steady(), Duration{}));
  if (!board_->prepare_to_sleep()) return;
  // Interrupted or not: the next step looks at everything.
  ::ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr);
  board_->awake();
  if (descriptors.front().revents != 0) board_->calm();
}

// --- retention

/// A clock that steps back and forward between two looks leaves rows that seem old. The own clock
/// is looked at all the time.
void Subscriber::Loop::look_at_clock() {
  auto const civil = parts_.clock.wall().time_since_epoch();
  own_ahead_ = own_steps_.ahead(civil, parts_.clock.steady(), options_.inbox_age).count();
}

void Subscriber::Loop::forget_old_inbox_rows() {
  look_at_clock();
  if (forgets_ || now_ < next_retention_) return;
  forgets_ = true;
  board_->submit(parts_.workers, [this]() -> CompletionQueue::Continuation {
    try {
      TransactOptions const options{.timeout = retention_timeout, .attempts_max = 1};
      auto const rows =
          parts_.database.transact(options, [&](Transaction& tx) { return forget_some(tx); });
      return [this, rows] {
        retention_.succeeded();
        forgot(rows);
      };
    } catch (Error const& error) {
      return [this, error] {
        retention_.failed(error, now_);
        forgot(0);
      };
    }
  });
}

/// The first time it only looks, so that no step of the database's clock is missed from the start.
std::size_t Subscriber::Loop::forget_some(Transaction& tx) {
  auto const age = options_.inbox_age;
  ClockSteps::Milliseconds const own{own_ahead_.load()};
  auto const ahead = clock_steps_.ahead(inbox_.now(tx), parts_.clock.steady(), age);
  if (!std::exchange(has_looked_, true)) return 0;
  return inbox_.forget_some(tx, subscriber_ids_, age + std::max(ahead, own));
}

void Subscriber::Loop::forgot(std::size_t rows) {
  forgets_ = false;
  next_retention_ = now_ + (rows > 0 ? retention_pause : options_.inbox_check_interval);
}

// --- what others want to know

void Subscriber::Loop::publish_status() {
  std::vector<SubscriptionStatus> status;
  status.reserve(subscriptions_.size());
  bool idle = true;
  for (auto const& subscription : subscriptions_) {
    status.push_back(subscription->status());
    idle &= subscription->idle();
  }
  Lock const lock{mutex_};
  status_ = std::move(status);
  idle_ = idle;
}

std::vector<SubscriptionStatus> Subscriber::Loop::status() const {
  Lock const lock{mutex_};
  return status_;
}

bool Subscriber::Loop::idle() const {
  Lock const lock{mutex_};
  return idle_;
}

}  // namespace tram
