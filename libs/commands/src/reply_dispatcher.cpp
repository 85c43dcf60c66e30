#include "tram/commands/detail/reply_dispatcher.hpp"

#include <algorithm>

#include "tram/base/error.hpp"
#include "tram/commands/reply_handlers.hpp"
#include "tram/messaging/payload.hpp"
#include "tram/subscriber/dispatching.hpp"
#include "tram/wire/header_names.hpp"
#include "tram/wire/name_text.hpp"

namespace tram {

ReplyHandlers handle_replies(Channel const& channel, std::string_view subscriber_id) {
  detail::ReplyDispatcher dispatcher;
  dispatcher.channel = channel.name;
  dispatcher.subscriber_id = subscriber_id.empty() ? channel.name.view() : subscriber_id;
  return ReplyHandlers{std::move(dispatcher)};
}

namespace detail {

void ReplyDispatcher::add(ReplyRoute route) {
  for (auto const& name : route.names) {
    auto const subject = "replies in '" + channel + "': the handler of '" + name + "'";
    if (!problem_of_name(name).empty()) {
      throw Error{Fault::rejected, subject + " handles nothing: its type " + problem_of_name(name)};
    }
    if (find(name) != nullptr) {
      throw Error{Fault::rejected,
                  subject + " is the second one; a channel has one handler for each type of reply"};
    }
  }
  if (!route.handle) {
    throw Error{Fault::rejected, "replies in '" + channel + "': the handler of '" +
                                     route.names.front() + "' is empty; give it a function"};
  }
  routes.push_back(std::move(route));
}

void ReplyDispatcher::set_otherwise(RawReplyHandler handler) {
  auto const subject = "replies in '" + channel + "': the handler of all other replies ";
  if (!handler) throw Error{Fault::rejected, subject + "is empty; give it a function"};
  if (otherwise)
    throw Error{Fault::rejected, subject + "is the second one; say otherwise() or ignore_others()"};
  otherwise = std::move(handler);
}

Subscription ReplyDispatcher::subscription() const { return subscription_of(*this, {channel}); }

std::vector<MessageDescription> ReplyDispatcher::descriptions() const {
  std::vector<MessageDescription> result;
  for (auto const& route : routes) {
    result.push_back({.channel = channel,
                      .payload = route.payload,
                      .operation = subscriber_id + "." + route.names.front(),
                      .headers = {{std::string{header::reply_type}, route.names.front()},
                                  {std::string{header::reply_outcome}, {}}}});
  }
  return result;
}

void ReplyDispatcher::dispatch(Transaction& tx, IncomingMessage const& incoming) const {
  RawReply const reply{incoming};
  if (auto const* const handle = find(reply.type())) return (*handle)(tx, reply);
  if (otherwise) return otherwise(tx, reply);
  throw Error{Fault::malformed, place_of(incoming) + ": no handler for reply '" + reply.type() +
                                    "' to command '" + reply.in_reply_to() +
                                    "'; add one, or ignore_others()"};
}

RawReplyHandler const* ReplyDispatcher::find(std::string const& type) const {
  auto const found = std::ranges::find_if(routes, [&](ReplyRoute const& route) {
    return std::ranges::find(route.names, type) != route.names.end();
  });
  return found == routes.end() ? nullptr : &found->handle;
}

}  // namespace detail
}  // namespace tram
