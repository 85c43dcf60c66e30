#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tram/base/detail/memory.hpp"
#include "tram/events/aggregate.hpp"
#include "tram/events/detail/event_dispatcher.hpp"
#include "tram/events/event.hpp"
#include "tram/events/event_names.hpp"
#include "tram/messaging/describe_payload.hpp"
#include "tram/messaging/handler_shape.hpp"
#include "tram/messaging/payload.hpp"
#include "tram/sql/transaction.hpp"
#include "tram/subscriber/subscription.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Which version a payload has before an upcast.
struct FromVersion {
  int value{};
};

/// The handlers of the events of `Aggregate`, and of those named before by `and_events`. Made by
/// `handle_events`; converts to a `Subscription`.
///
/// A message goes to the one handler whose aggregate and event it names; a second one for the same
/// event is rejected when it is added. Events without a handler are counted and skipped. A message
/// without the headers of an event, or whose payload cannot be read, is malformed, and so is held.
///
///     service.add(tram::handle_events<Order>("credit-view").on(order_approved).on(order_cancelled));
template <class Aggregate>
class EventHandlers final {
  static_assert(AggregateType<Aggregate>,
                "tram: an aggregate needs `wire_type` and `using Events = tram::EventsOf<...>`");

 public:
  explicit EventHandlers(detail::EventDispatcher dispatcher) : dispatcher_{std::move(dispatcher)} {
    dispatcher_.add_aggregate(Aggregate::wire_type.name);
  }

  /// Handles one type of event, that of the handler's second parameter: `[&](Transaction& tx,
  /// Event<OrderApproved> const& event) { … }`. `operation` names the handler in documents.
  template <class Handler>
  EventHandlers& on(std::string_view operation, Handler handler) {
    static_assert(ShapedHandler<Handler>,
                  "tram: a handler of events is called with (Transaction&, Event<E> const&), and "
                  "says so: no `auto` parameters");
    if constexpr (ShapedHandler<Handler>) {
      using Argument = typename HandlerShape<Handler>::Argument;
      static_assert(detail::is_event<Argument>,
                    "tram: the second parameter of a handler of events is an Event<E> const&");
      if constexpr (detail::is_event<Argument>)
        add<typename detail::EventInside<Argument>::Type>(operation, std::move(handler));
    }
    return *this;
  }
  template <class Handler>
  EventHandlers& on(Handler handler) {
    return on("", std::move(handler));
  }

  /// Handles one type of event without reading its payload.
  EventHandlers& on_raw(WireType type, detail::RawEventHandler handler) {
    dispatcher_.add({.aggregate_type = std::string{Aggregate::wire_type.name},
                     .names = {std::string{type.name}},
                     .operation = {},
                     .payload = {.type = std::string{type.name}},
                     .handle = detail::without_payload(std::move(handler))});
    return *this;
  }

  /// Handles what no other handler takes, of all aggregates of this subscriber. Given once; a
  /// second one is rejected.
  EventHandlers& otherwise(detail::RawEventHandler handler) {
    dispatcher_.set_otherwise(std::move(handler));
    return *this;
  }

  /// Turns the JSON of one version of `E` into that of the next one, before it is read. An event's
  /// version is in the header `event-version`, 1 without it, and the current one is
  /// `E::wire_version`, above `from`. A version with no way to the current one is malformed.
  template <class E>
  EventHandlers& upcast(FromVersion from, detail::EventUpcast function) {
    static_assert(
        EventOf<Aggregate, E>,
        "tram: this aggregate does not publish this event, so there is nothing to upcast: "
        "name it in its `Events`, or upcast behind and_events<...>()");
    dispatcher_.add({.type = std::string{wire_names<E>[0]},
                     .from_version = from.value,
                     .from_name = {},
                     .upcast = std::move(function)},
                    detail::current_version<E>());
    return *this;
  }
  /// The same from a type that had another name to the current version of `E`.
  template <class E>
  EventHandlers& upcast(WireType former, detail::EventUpcast function) {
    static_assert(
        EventOf<Aggregate, E>,
        "tram: this aggregate does not publish this event, so there is nothing to upcast: "
        "name it in its `Events`, or upcast behind and_events<...>()");
    dispatcher_.add({.type = std::string{wire_names<E>[0]},
                     .from_version = 0,
                     .from_name = std::string{former.name},
                     .upcast = std::move(function)},
                    detail::current_version<E>());
    return *this;
  }

  /// Continues with the events of a further aggregate, in the same subscriber.
  template <class Other>
  [[nodiscard]] EventHandlers<Other> and_events() const {
    return EventHandlers<Other>{dispatcher_};
  }

  EventHandlers& names(EventNames names) {
    dispatcher_.names = std::move(names);
    return *this;
  }
  /// Counts there; services show `tram_events_ignored_total` in any case. `counters` must outlive
  /// the subscription.
  EventHandlers& count_in(EventCounters& counters) {
    dispatcher_.counters = {std::shared_ptr<void>{}, &counters};
    return *this;
  }
  EventHandlers& options(SubscriptionOptions const& options) {
    dispatcher_.options = options;
    return *this;
  }
  EventHandlers& intercept(std::shared_ptr<MessageInterceptor> interceptor) {
    dispatcher_.interceptors.push_back(std::move(interceptor));
    return *this;
  }

  operator Subscription() const {  // NOLINT(google-explicit-constructor): it is one
    return dispatcher_.subscription();
  }

 private:
  template <class E, class Handler>
  void add(std::string_view operation, Handler handler) {
    static_assert(EventOf<Aggregate, E>,
                  "tram: this aggregate does not publish this event: name it in its `Events`, or "
                  "handle it with and_events<...>()");
    if constexpr (EventOf<Aggregate, E>) {
      dispatcher_.add({.aggregate_type = std::string{Aggregate::wire_type.name},
                       .names = {wire_names<E>.begin(), wire_names<E>.end()},
                       .version = detail::current_version<E>(),
                       .operation = std::string{operation},
                       .payload = describe_payload<E>(),
                       .handle = reading<E>(std::move(handler))});
    }
  }

  template <class E, class Handler>
  static decltype(detail::EventRoute::handle) reading(Handler handler) {
    if (is_empty_handler(handler)) return {};
    return [handler = std::move(handler)](Transaction& tx, RawEvent const& event,
                                          std::string_view payload) {
      handler(tx, Event<E>{event, decode_payload<E>(event.incoming(), event.type(), payload)});
    };
  }

  detail::EventDispatcher dispatcher_;
};

/// Handles events of `Aggregate`:
///
///     tram::handle_events<Order>("credit-view")
///         .on([&](Transaction& tx, tram::Event<OrderApproved> const& event) {
///           view.add(tx, event->customer_id, event->total);
///         });
///
/// `subscriber_id` names the consumer group and the inbox rows; it never changes.
template <class Aggregate>
EventHandlers<Aggregate> handle_events(std::string subscriber_id) {
  detail::EventDispatcher dispatcher;
  dispatcher.subscriber_id = std::move(subscriber_id);
  return EventHandlers<Aggregate>{std::move(dispatcher)};
}

}  // namespace tram

#pragma GCC visibility pop
