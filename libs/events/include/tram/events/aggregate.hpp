#pragma once

#include <concepts>
#include <variant>

#include "tram/wire/wire_type.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The events of an aggregate, named in its type:
///
///     struct Order {
///       static constexpr tram::WireType wire_type{"orders.Order"};
///       using Events = tram::EventsOf<OrderPlaced, OrderApproved, OrderRejected>;
///     };
template <class... Events>
struct EventsOf {
  /// Any one of them, for lists of different events.
  using Any = std::variant<Events...>;
};

namespace detail {

template <class Event, class Events>
inline constexpr bool is_among = false;
template <class Event, class... Events>
inline constexpr bool is_among<Event, EventsOf<Events...>> = (std::same_as<Event, Events> || ...);
template <class Events>
inline constexpr bool is_event_list = false;
template <class... Events>
inline constexpr bool is_event_list<EventsOf<Events...>> = true;

/// 0 for types without versions.
template <class Event>
consteval int declared_version() {
  if constexpr (requires { Event::wire_version; }) {
    static_assert(Event::wire_version >= 1, "tram: versions of an event count from 1");
    return Event::wire_version;
  }
  return 0;
}
/// 1 for types without versions.
template <class Event>
consteval int current_version() {
  return declared_version<Event>() == 0 ? 1 : declared_version<Event>();
}

}  // namespace detail

/// A type with a wire name, which is its channel, and a list of events.
template <class T>
concept AggregateType = WireTyped<T> && detail::is_event_list<typename T::Events>;

/// Whether the aggregate's list has this event.
template <class Aggregate, class Event>
concept EventOf = AggregateType<Aggregate> && detail::is_among<Event, typename Aggregate::Events>;

/// Any event of the aggregate.
template <AggregateType Aggregate>
using AnyEventOf = typename Aggregate::Events::Any;

}  // namespace tram

#pragma GCC visibility pop
