#include "tram/messaging/subscriber.hpp"

#include <utility>

#include "subscriber_loop.hpp"
#include "tram/base/error.hpp"
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
  check_options(subscription);
}

Subscriber::Subscriber(SubscriberParts parts, SubscriberOptions options,
                       std::vector<Subscription> subscriptions) {
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
