#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tram/commands/detail/reply_dispatcher.hpp"
#include "tram/commands/reply.hpp"
#include "tram/messaging/describe_payload.hpp"
#include "tram/messaging/handler_shape.hpp"
#include "tram/messaging/payload.hpp"
#include "tram/sql/transaction.hpp"
#include "tram/subscriber/subscription.hpp"
#include "tram/wire/channel.hpp"
#include "tram/wire/wire_type.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The handlers of the answers to a service's commands. Made by `handle_replies`; converts to a
/// `Subscription`. An answer goes to the handler of its type; one without a handler is malformed,
/// and so held, unless `otherwise` or `ignore_others` is given.
///
///     service.add(tram::handle_replies(order_replies).on(credit_reserved).on(credit_refused));
class ReplyHandlers final {
 public:
  explicit ReplyHandlers(detail::ReplyDispatcher dispatcher) : dispatcher_{std::move(dispatcher)} {}

  /// Handles one type of answer, that of the handler's second parameter: `[&](Transaction& tx,
  /// Reply<CreditReserved> const& reply) { … reply.in_reply_to() … }`.
  template <class Handler>
  ReplyHandlers& on(Handler handler) {
    static_assert(ShapedHandler<Handler>,
                  "tram: a handler of replies is called with (Transaction&, Reply<R> const&), and "
                  "says so: no `auto` parameters");
    if constexpr (ShapedHandler<Handler>) {
      using Argument = typename HandlerShape<Handler>::Argument;
      static_assert(detail::is_reply<Argument>,
                    "tram: the second parameter of a handler of replies is a Reply<R> const&");
      if constexpr (detail::is_reply<Argument>)
        add<typename detail::ReplyInside<Argument>::Type>(std::move(handler));
    }
    return *this;
  }
  /// Handles the answers that no other handler takes. Given once, as `ignore_others`; a second one
  /// is rejected.
  ReplyHandlers& otherwise(detail::RawReplyHandler handler) {
    dispatcher_.set_otherwise(std::move(handler));
    return *this;
  }
  /// Skips the answers that no handler takes.
  ReplyHandlers& ignore_others() {
    return otherwise([](Transaction& /*tx*/, RawReply const& /*reply*/) {});
  }
  ReplyHandlers& options(SubscriptionOptions const& options) {
    dispatcher_.options = options;
    return *this;
  }
  ReplyHandlers& intercept(std::shared_ptr<MessageInterceptor> interceptor) {
    dispatcher_.interceptors.push_back(std::move(interceptor));
    return *this;
  }

  operator Subscription() const {  // NOLINT(google-explicit-constructor): it is one
    return dispatcher_.subscription();
  }

 private:
  template <class R, class Handler>
  void add(Handler handler) {
    dispatcher_.add({.names = {wire_names<R>.begin(), wire_names<R>.end()},
                     .payload = describe_payload<R>(),
                     .handle = reading<R>(std::move(handler))});
  }

  template <class R, class Handler>
  static detail::RawReplyHandler reading(Handler handler) {
    if (is_empty_handler(handler)) return {};
    return [handler = std::move(handler)](Transaction& tx, RawReply const& raw) {
      handler(tx, Reply<R>{raw, decode_payload<R>(raw.incoming(), raw.type(), raw.payload())});
    };
  }

  detail::ReplyDispatcher dispatcher_;
};

/// Handles the answers that come to a channel. `subscriber_id` names the consumer group and the
/// inbox rows, and never changes; it is the channel's name unless given.
ReplyHandlers handle_replies(Channel const& channel, std::string_view subscriber_id = {});

}  // namespace tram

#pragma GCC visibility pop
