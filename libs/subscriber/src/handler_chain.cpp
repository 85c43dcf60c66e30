#include "handler_chain.hpp"

#include <ranges>
#include <utility>

#include "received_record.hpp"
#include "tram/base/thrown.hpp"
#include "tram/wire/header_names.hpp"

namespace tram {
namespace {

Interceptors all_of(Interceptors outer, Interceptors const& inner) {
  outer.insert(outer.end(), inner.begin(), inner.end());
  return outer;
}

MessageHandler wrapped(MessageHandler handler, Interceptors const& interceptors) {
  for (auto const& each : interceptors | std::views::reverse) {
    handler = [each, next = std::move(handler)](Transaction& tx, IncomingMessage const& incoming) {
      each->handle(tx, incoming, next);
    };
  }
  return handler;
}

std::string header_or_nothing(Message const& message, std::string_view name) {
  return std::string{message.headers.find(name).value_or("")};
}

}  // namespace

HandlerChain::HandlerChain(Subscription const& subscription, Interceptors interceptors,
                           Logger logger)
    : interceptors_{all_of(std::move(interceptors), subscription.interceptors)},
      handler_{wrapped(subscription.handler, interceptors_)},
      logger_{std::move(logger)} {}

void HandlerChain::before_receive(IncomingMessage& incoming) const {
  for (auto const& each : interceptors_) each->before_receive(incoming);
}

void HandlerChain::after_receive(IncomingMessage const& incoming) const {
  for (auto const& each : interceptors_) {
    try {
      each->after_receive(incoming);
    } catch (...) {  // thread top: whatever the user's code threw
      log_hook(incoming);
    }
  }
}

void HandlerChain::handle(Transaction& tx, IncomingMessage const& incoming) const {
  tx.set_context({.causation_id = incoming.id(),
                  .traceparent = header_or_nothing(incoming.message, "traceparent"),
                  .tracestate = header_or_nothing(incoming.message, "tracestate")});
  handler_(tx, incoming);
}

void HandlerChain::log_hook(IncomingMessage const& incoming) const {
  logger_.warning("subscription.hook_failed", {{"subscriber", incoming.subscriber_id},
                                               {"id", message_id(incoming)},
                                               {"what", describe_current_exception()}});
}

}  // namespace tram
