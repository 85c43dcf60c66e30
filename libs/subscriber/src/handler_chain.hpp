#pragma once

#include "tram/base/log.hpp"
#include "tram/messaging/interceptor.hpp"
#include "tram/sql/transaction.hpp"
#include "tram/subscriber/subscription.hpp"

namespace tram {

/// The handler of a subscription with everything around it. Callable from any thread at once, as
/// far as the handler is.
class HandlerChain final {
 public:
  /// `interceptors` are outside those of the subscription.
  HandlerChain(Subscription const& subscription, Interceptors interceptors, Logger logger);

  /// There are hooks that may change a message before it is handled.
  [[nodiscard]] bool changes_messages() const { return !interceptors_.empty(); }
  /// The hooks around everything; the first ones throw what they throw.
  void before_receive(IncomingMessage& incoming) const;
  void after_receive(IncomingMessage const& incoming) const;
  /// The handler and what is around it, in the transaction.
  void handle(Transaction& tx, IncomingMessage const& incoming) const;

 private:
  void log_hook(IncomingMessage const& incoming) const;

  Interceptors interceptors_;
  MessageHandler handler_;
  Logger logger_;
};

}  // namespace tram
