#include "tram/messaging/subscriber.hpp"

#include <set>
#include <utility>

#include "subscriber_loop.hpp"
#include "tram/base/error.hpp"
#include "tram/wire/channel_name.hpp"

namespace tram {
namespace {

[[noreturn]] void reject(Subscription const& subscription, std::string const& what) {
  throw Error{Fault::rejected, "subscriber '" + subscription.subscriber_id + "': " + what};
}

void check(SubscriberOptions const& options, std::vector<Subscription> const& subscriptions) {
  std::set<std::string> ids;
  for (auto const& each : subscriptions) {
    if (each.subscriber_id.empty()) reject(each, "a subscription needs a subscriber id");
    if (!ids.insert(each.subscriber_id).second) reject(each, "the subscriber id is used twice");
    if (each.channels.empty()) reject(each, "there is no channel to subscribe to");
    if (!each.handler) reject(each, "there is no handler");
    if (each.options.messages_per_transaction == 0 || each.options.partition_backlog_max == 0) {
      reject(each, "messages_per_transaction and partition_backlog_max must be at least 1");
    }
    for (auto const& channel : each.channels) {
      check_channel_name(mapped(options.channel_mapping, channel));
    }
  }
}

}  // namespace

Subscriber::Subscriber(SubscriberParts parts, SubscriberOptions options,
                       std::vector<Subscription> subscriptions) {
  check(options, subscriptions);
  loop_ = std::make_unique<Loop>(std::move(parts), std::move(options), std::move(subscriptions));
}

Subscriber::~Subscriber() = default;

bool Subscriber::step() { return loop_->step(); }
SteadyTime Subscriber::next_step() const { return loop_->next_step(); }
void Subscriber::run(std::stop_token stop) { loop_->run(stop); }
std::vector<SubscriptionStatus> Subscriber::status() const { return loop_->status(); }
bool Subscriber::idle() const { return loop_->idle(); }

}  // namespace tram
