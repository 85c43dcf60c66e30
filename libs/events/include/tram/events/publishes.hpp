#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tram/events/aggregate.hpp"
#include "tram/events/detail/describe_event.hpp"
#include "tram/messaging/describe_payload.hpp"
#include "tram/messaging/message_description.hpp"

#pragma GCC visibility push(default)

namespace tram {

namespace detail {

template <class... Events>
std::vector<MessageDescription> describe_published(std::string_view aggregate_type,
                                                   std::string const& operation,
                                                   EventsOf<Events...> const* /*events*/) {
  return {describe_event(MessageDescription::Direction::sends, aggregate_type,
                         describe_payload<Events>(), operation)...};
}

}  // namespace detail

/// Says, for documents, that a service publishes all events of an aggregate:
/// `service.add(tram::publishes<Order>())`. `operation` names what publishes them.
template <AggregateType Aggregate>
std::vector<MessageDescription> publishes(std::string_view operation = {}) {
  std::string const type{Aggregate::wire_type.name};
  typename Aggregate::Events const* const events = nullptr;
  return detail::describe_published(
      type, operation.empty() ? "publish." + type : std::string{operation}, events);
}

}  // namespace tram

#pragma GCC visibility pop
