#include "handler_chain.hpp"

#include <ranges>
#include <utility>

#include "received_record.hpp"
#include "tram/base/thrown.hpp"
#include "tram/wire/header_names.hpp"

namespace tram {
namespace {

MessageHandler wrapped(Subscription const& subscription) {
  auto handler = subscription.handler;
  for (auto const& middleware : subscription.middleware | std::views::reverse) {
    handler = [middleware, next = std::move(handler)](Transaction& tx,
                                                      IncomingMessage const& incoming) {
      middleware(tx, incoming, next);
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
    : handler_{wrapped(subscription)},
      interceptors_{std::move(interceptors)},
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
  for (auto const& each : interceptors_) each->before_handle(tx, incoming);
  try {
    handler_(tx, incoming);
  } catch (...) {  // thread top: whatever it is, the interceptors hear of it
    after_handle(incoming, std::current_exception());
    throw;
  }
  after_handle(incoming, nullptr);
}

void HandlerChain::after_handle(IncomingMessage const& incoming,
                                std::exception_ptr const& error) const {
  for (auto const& each : interceptors_) {
    try {
      each->after_handle(incoming, error);
    } catch (...) {  // thread top: whatever the user's code threw
      log_hook(incoming);
    }
  }
}

void HandlerChain::log_hook(IncomingMessage const& incoming) const {
  logger_.warning("subscription.hook_failed", {{"subscriber", incoming.subscriber_id},
                                               {"id", message_id(incoming)},
                                               {"what", describe_current_exception()}});
}

}  // namespace tram
