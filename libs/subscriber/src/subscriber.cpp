#include "tram/subscriber/subscriber.hpp"

#include <utility>

#include "subscriber_loop.hpp"
#include "tram/base/error.hpp"
#include "tram/base/option_check.hpp"
#include "tram/wire/channel_name.hpp"
#include "tram/wire/name_text.hpp"

namespace tram {
namespace {

[[noreturn]] void reject(Subscription const& subscription, std::string const& what) {
  throw Error{Fault::rejected, "subscriber '" + subscription.subscriber_id + "': " + what};
}

void check_id(Subscription const& subscription) {
  // A column of the inbox has room for so many.
  constexpr std::size_t size_max = 255;
  auto const& id = subscription.subscriber_id;
  if (id.empty()) reject(subscription, "a subscription needs a subscriber id");
  auto const problem = problem_of_name(id);
  if (!problem.empty()) reject(subscription, "the subscriber id " + problem);
  if (id.size() > size_max) {
    reject(subscription, "the subscriber id has " + std::to_string(id.size()) +
                             " bytes, more than the " + std::to_string(size_max) +
                             " that the inbox has room for");
  }
}

void check_channels(Subscription const& subscription, NameMapping const& mapping) {
  if (subscription.channels.empty()) reject(subscription, "there is no channel to subscribe to");
  for (auto const& channel : subscription.channels) {
    try {
      check_channel_name(mapped(mapping, channel));
    } catch (Error const& error) { reject(subscription, error.what()); }
  }
}

void check_options(Subscription const& subscription) {
  auto const& options = subscription.options;
  if (options.messages_per_transaction == 0 || options.partition_backlog_max == 0) {
    reject(subscription, "messages_per_transaction and partition_backlog_max must be at least 1");
  }
  if (options.handle_timeout <= Duration::zero()) {
    reject(subscription, "handle_timeout leaves a handler no time");
  }
  auto const owner = "subscriber '" + subscription.subscriber_id + "'";
  require_time(owner, "handle_timeout", options.handle_timeout);
  require_number(owner, "retry.attempts_max", options.retry.attempts_max, 1);
  require_number(owner, "retry.unavailable_max", options.retry.unavailable_max, 1);
  require_number(owner, "retry.factor", options.retry.factor, 1);
  require_time(owner, "retry.pause_first", options.retry.pause_first);
  require_time(owner, "retry.pause_longest", options.retry.pause_longest);
  require_number(owner, "breaker.failures_max", options.breaker.failures_max, 1);
  require_pause(owner, "breaker.open_first", options.breaker.open_first);
  require_pause(owner, "breaker.open_longest", options.breaker.open_longest);
}

}  // namespace

void require_runnable(Subscription const& subscription, std::vector<Subscription> const& others,
                      NameMapping const& channel_mapping) {
  check_id(subscription);
  for (auto const& other : others) {
    if (other.subscriber_id == subscription.subscriber_id) {
      reject(subscription, "the subscriber id is used twice");
    }
  }
  check_channels(subscription, channel_mapping);
  if (!subscription.handler) reject(subscription, "there is no handler");
  require_interceptors(subscription.interceptors,
                       "subscription '" + subscription.subscriber_id + "'");
  check_options(subscription);
}

void require_usable(SubscriberOptions const& options, std::string_view owner) {
  require_pause(owner, "subscriber.held_check_interval", options.held_check_interval);
  require_time(owner, "subscriber.inbox_age", options.inbox_age);
  require_pause(owner, "subscriber.inbox_check_interval", options.inbox_check_interval);
  require_pause(owner, "subscriber.back_off_first", options.back_off_first);
  require_pause(owner, "subscriber.back_off_longest", options.back_off_longest);
  require_time(owner, "subscriber.drain_timeout", options.drain_timeout);
  require_time(owner, "subscriber.close_timeout", options.close_timeout);
  require_interceptors(options.interceptors, owner);
}

Subscriber::Subscriber(SubscriberParts parts, SubscriberOptions options,
                       std::vector<Subscription> subscriptions) {
  require_usable(options, "subscriber");
  std::vector<Subscription> others;
  for (auto const& each : subscriptions) {
    require_runnable(each, others, options.channel_mapping);
    others.push_back(each);
  }
  loop_ = std::make_unique<Loop>(std::move(parts), std::move(options), std::move(subscriptions));
}

Subscriber::~Subscriber() = default;

bool Subscriber::step() { return loop_->step(); }
SteadyTime Subscriber::next_step() const { return loop_->next_step(); }
void Subscriber::run(std::stop_token stop) { loop_->run(stop); }
std::vector<SubscriptionStatus> Subscriber::status() const { return loop_->status(); }
bool Subscriber::idle() const { return loop_->idle(); }

}  // namespace tram
