#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tram/base/reflect.hpp"
#include "tram/json/schema.hpp"
#include "tram/messaging/handler_shape.hpp"
#include "tram/messaging/payload.hpp"
#include "tram/subscriber/subscription.hpp"
#include "tram/wire/wire_type.hpp"

#pragma GCC visibility push(default)

namespace tram {

namespace detail {

template <class T>
constexpr std::string_view message_name() {
  if constexpr (WireTyped<T>) return wire_names<T>[0];
  else return reflect::type_name<T>;
}

/// What the second parameter of a handler of messages may be, besides the message as it came.
template <class Taken, class T = std::remove_cvref_t<Taken>>
constexpr bool is_decoded() {
  constexpr bool is_text = std::convertible_to<T, std::string_view> || std::same_as<T, Message>;
  constexpr bool belongs_elsewhere = requires(T const& message) { message.incoming(); };
  constexpr bool is_constant =
      !std::is_reference_v<Taken> || std::is_const_v<std::remove_reference_t<Taken>>;
  static_assert(!is_text, "tram: the text of a message is not decoded: take the "
                          "tram::IncomingMessage const&, and read incoming.message.payload");
  static_assert(!belongs_elsewhere, "tram: events, commands and replies go to handle_events, "
                                    "handle_commands and handle_replies");
  static_assert(is_constant, "tram: a handler takes its message by const reference");
  return !is_text && !belongs_elsewhere && is_constant;
}

template <class Shape>
constexpr bool has_good_third() {
  if constexpr (requires { typename Shape::Third; })
    return std::convertible_to<IncomingMessage const&, typename Shape::Third>;
  else return true;
}

/// Says what is wrong with a handler, in one sentence.
template <class Handler>
constexpr bool is_message_handler() {
  using Shape = HandlerShape<Handler>;
  constexpr bool is_shaped = requires { typename Shape::Second; };
  static_assert(is_shaped, "tram: a handler of messages is called with (Transaction&, T const&), "
                           "and says so: no `auto` parameters, not `mutable`");
  if constexpr (is_shaped) {
    constexpr bool has_transaction = std::same_as<typename Shape::First, Transaction&>;
    constexpr bool returns_nothing = std::is_void_v<typename Shape::Result>;
    constexpr bool is_copied = std::copy_constructible<Handler>;
    static_assert(has_transaction, "tram: the first parameter of a handler is a Transaction&");
    static_assert(has_good_third<Shape>(), "tram: the third parameter of a handler, if it has one, "
                                           "is a tram::IncomingMessage const&");
    static_assert(returns_nothing, "tram: a handler of messages returns nothing; one that answers "
                                   "is given to handle_commands");
    static_assert(is_copied, "tram: a handler is copied: let it capture references, or a "
                             "std::shared_ptr, and nothing that can only be moved");
    return has_transaction && has_good_third<Shape>() && returns_nothing && is_copied;
  }
  return is_shaped;
}

/// Reads the message for the handler.
template <class T, class Handler>
MessageHandler decoding(Handler handler) {
  if (is_empty_handler(handler)) return {};
  return [handler = std::move(handler)](Transaction& tx, IncomingMessage const& incoming) {
    auto const& payload = incoming.message.payload;
    T const message = decode_payload<T>(incoming, message_name<T>(), payload);
    if constexpr (std::invocable<Handler const&, Transaction&, T const&>) handler(tx, message);
    else handler(tx, message, incoming);
  };
}

template <class T>
std::vector<MessageDescription> describe(Subscription const& subscription) {
  std::vector<MessageDescription> result;
  for (auto const& channel : subscription.channels) {
    result.push_back(
        {.channel = channel,
         .payload = {.type = std::string{message_name<T>()}, .schema = json::json_schema<T>()},
         .operation = subscription.subscriber_id});
  }
  return result;
}

}  // namespace detail

/// Handles the messages of channels, each decoded from JSON into the type of the handler's second
/// parameter; a third one, if the handler has it, gets the message as it came, with its headers:
///
///     tram::handle_messages("arrivals", {"shipments"},
///         [](tram::Transaction& tx, ShipmentBooked const& booked) {
///           tx.execute("INSERT INTO arrivals VALUES (?, ?)", booked.shipment_id, booked.carrier);
///         });
///
/// A message that is no such JSON is malformed, and so is held. A handler with an `IncomingMessage
/// const&` as its second parameter gets every message undecoded. `subscriber_id` names the consumer
/// group and the inbox rows; it never changes. What a handler may do: see `MessageHandler`.
template <class Handler>
Subscription handle_messages(std::string subscriber_id, std::vector<std::string> channels,
                             Handler handler, SubscriptionOptions options = {}) {
  Subscription subscription{.subscriber_id = std::move(subscriber_id),
                            .channels = std::move(channels),
                            .handler = {},
                            .options = std::move(options)};
  if constexpr (detail::is_message_handler<Handler>()) {
    using Taken = typename HandlerShape<Handler>::Second;
    using T = std::remove_cvref_t<Taken>;
    if constexpr (std::same_as<T, IncomingMessage>) {
      if (!is_empty_handler(handler)) subscription.handler = std::move(handler);
    } else if constexpr (detail::is_decoded<Taken>()) {
      subscription.handler = detail::decoding<T>(std::move(handler));
      subscription.messages = detail::describe<T>(subscription);
    }
  }
  return subscription;
}

}  // namespace tram

#pragma GCC visibility pop
