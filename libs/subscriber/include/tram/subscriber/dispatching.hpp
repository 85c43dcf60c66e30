#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tram/base/detail/memory.hpp"
#include "tram/subscriber/subscription.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The subscription that a dispatcher becomes: a value with a subscriber id, options, interceptors,
/// `descriptions()`, and `dispatch(tx, incoming)`, which may run on several threads at once.
template <class Dispatcher>
Subscription subscription_of(Dispatcher dispatcher, std::vector<std::string> const& channels) {
  // Shared by the copies of the handler.
  auto const shared = std::make_shared<Dispatcher const>(std::move(dispatcher));
  return {.subscriber_id = shared->subscriber_id,
          .channels = channels,
          .handler = [shared](Transaction& tx,
                              IncomingMessage const& incoming) { shared->dispatch(tx, incoming); },
          .options = shared->options,
          .interceptors = shared->interceptors,
          .messages = shared->descriptions()};
}

}  // namespace tram

#pragma GCC visibility pop
