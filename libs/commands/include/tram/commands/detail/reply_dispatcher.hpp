#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tram/base/detail/function.hpp"
#include "tram/commands/reply.hpp"
#include "tram/messaging/message_description.hpp"
#include "tram/subscriber/subscription.hpp"

#pragma GCC visibility push(default)

namespace tram::detail {

using RawReplyHandler = std::function<void(Transaction& tx, RawReply const& reply)>;

/// What to do with one type of answer.
struct ReplyRoute {
  std::vector<std::string> names;
  PayloadDescription payload;
  RawReplyHandler handle;
};

/// All that a service does with the answers of a channel; becomes a subscription.
struct ReplyDispatcher {
  std::string subscriber_id;
  std::string channel;
  std::vector<ReplyRoute> routes;
  /// For answers of other types; without it they are malformed.
  RawReplyHandler otherwise;
  SubscriptionOptions options;
  Interceptors interceptors;

  /// Rejected: a second handler for the same type, an empty one, one for a type without a name.
  void add(ReplyRoute route);
  /// Rejected: a second one, an empty one.
  void set_otherwise(RawReplyHandler handler);
  [[nodiscard]] Subscription subscription() const;
  /// What the subscription handles.
  [[nodiscard]] std::vector<MessageDescription> descriptions() const;
  void dispatch(Transaction& tx, IncomingMessage const& incoming) const;

 private:
  [[nodiscard]] RawReplyHandler const* find(std::string const& type) const;
};

}  // namespace tram::detail

#pragma GCC visibility pop
