#include "tram/events/detail/event_dispatcher.hpp"

#include <algorithm>
#include <charconv>

#include "tram/events/detail/describe_event.hpp"
#include "tram/events/event_counters.hpp"
#include "tram/sql/transaction.hpp"
#include "tram/subscriber/dispatching.hpp"
#include "tram/wire/name_text.hpp"

namespace tram::detail {
namespace {

std::string subject_of(RawEvent const& event) {
  return place_of(event.incoming()) + ": " + std::string{event.type()};
}

int version_of(RawEvent const& event) {
  auto const text = event.message().headers.find(header::event_version);
  if (!text) return 1;
  int version{};
  auto const [end, code] = std::from_chars(text->data(), text->data() + text->size(), version);
  if (code == std::errc{} && end == text->data() + text->size() && version >= 1) return version;
  throw Error{Fault::malformed, subject_of(event) + ": header 'event-version' is '" +
                                    std::string{text->substr(0, 100)} +
                                    "', expected a number from 1"};
}

std::string apply(EventUpcastStep const& step, RawEvent const& event, std::string_view payload) {
  try {
    return step.upcast(payload);
  } catch (Error const& error) {
    throw Error{error.fault(), subject_of(event) + ": upcast: " + error.what()};
  }
}

bool begins_at_name(EventUpcastStep const& step, EventRoute const& route, std::string_view name) {
  return step.type == route.names.front() && !step.from_name.empty() && step.from_name == name;
}

bool names_overlap(EventRoute const& left, EventRoute const& right) {
  return left.aggregate_type == right.aggregate_type &&
         std::ranges::find_first_of(left.names, right.names) != left.names.end();
}

bool same_start(EventUpcastStep const& left, EventUpcastStep const& right) {
  return left.type == right.type && left.from_version == right.from_version &&
         left.from_name == right.from_name;
}

}  // namespace

std::shared_ptr<EventCounters> own_counters() { return std::make_shared<EventCounters>(); }

std::function<void(Transaction& tx, RawEvent const& event, std::string_view payload)>
without_payload(RawEventHandler handler) {
  if (!handler) return {};
  return [handler = std::move(handler)](Transaction& tx, RawEvent const& event,
                                        std::string_view /*payload*/) { handler(tx, event); };
}

void EventDispatcher::add_aggregate(std::string_view type) {
  if (std::ranges::find(aggregate_types, type) == aggregate_types.end())
    aggregate_types.emplace_back(type);
}

void EventDispatcher::add(EventRoute route) {
  auto const refuse = [&](std::string const& why) {
    throw Error{Fault::rejected, "subscriber '" + subscriber_id + "': the handler of '" +
                                     route.names.front() + "' of '" + route.aggregate_type + "' " +
                                     why};
  };
  for (auto const& name : route.names) {
    if (!problem_of_name(name).empty())
      refuse("handles nothing: its type " + problem_of_name(name));
  }
  if (!route.handle) refuse("is empty; give it a function");
  if (std::ranges::any_of(routes, [&](auto const& other) { return names_overlap(other, route); }))
    refuse("is the second one; a subscriber has one handler for each event of an aggregate");
  routes.push_back(std::move(route));
}

void EventDispatcher::add(EventUpcastStep step, int current_version) {
  auto const refuse = [&](std::string const& why) {
    throw Error{Fault::rejected,
                "subscriber '" + subscriber_id + "': an upcast of '" + step.type + "' " + why};
  };
  bool const of_a_version = step.from_name.empty();
  if (of_a_version && (step.from_version < 1 || step.from_version >= current_version)) {
    refuse("begins at version " + std::to_string(step.from_version) +
           "; it begins at a version from 1 below the event's `wire_version`, which is " +
           std::to_string(current_version));
  }
  if (!step.upcast) refuse("is empty; give it a function");
  if (std::ranges::any_of(upcasts, [&](auto const& other) { return same_start(other, step); }))
    refuse("begins where another one does; give one for each version or former name");
  upcasts.push_back(std::move(step));
}

void EventDispatcher::set_otherwise(RawEventHandler handler) {
  auto const subject = "subscriber '" + subscriber_id + "': the handler of all other events ";
  if (!handler) throw Error{Fault::rejected, subject + "is empty; give it a function"};
  if (otherwise) throw Error{Fault::rejected, subject + "is the second one; give one"};
  otherwise = std::move(handler);
}

Subscription EventDispatcher::subscription() const {
  auto result = subscription_of(*this, aggregate_types);
  result.metrics = {{.kind = Metric::Kind::counter,
                     .name = "tram_events_ignored_total",
                     .help = "Events of types that the subscriber does not handle.",
                     .labels = {{"subscriber", subscriber_id}},
                     .value = [counted = counters] { return counted->ignored.load(); }}};
  return result;
}

std::vector<MessageDescription> EventDispatcher::descriptions() const {
  std::vector<MessageDescription> result;
  for (auto const& route : routes) {
    result.push_back(describe_event(
        MessageDescription::Direction::receives, route.aggregate_type, route.payload,
        route.operation.empty() ? subscriber_id + "." + route.names.front() : route.operation));
  }
  return result;
}

void EventDispatcher::dispatch(Transaction& tx, IncomingMessage const& incoming) const {
  auto const& aggregate_type = require_header(incoming, header::event_aggregate_type);
  auto const& sent_type = require_header(incoming, header::event_type);
  auto const type = names.incoming ? names.incoming(aggregate_type, sent_type) : sent_type;
  auto const* const route = find(aggregate_type, type);
  if (route == nullptr && !otherwise) {
    ++counters->ignored;
    return;
  }
  RawEvent const event{incoming, type};
  if (route != nullptr) run(*route, tx, event);
  else otherwise(tx, event);
  ++counters->handled;
}

EventRoute const* EventDispatcher::find(std::string_view aggregate_type,
                                        std::string_view type) const {
  auto const found = std::ranges::find_if(routes, [&](EventRoute const& route) {
    return route.aggregate_type == aggregate_type && takes(route, type);
  });
  return found == routes.end() ? nullptr : &*found;
}

bool EventDispatcher::takes(EventRoute const& route, std::string_view type) const {
  return std::ranges::find(route.names, type) != route.names.end() ||
         std::ranges::any_of(upcasts, [&](EventUpcastStep const& step) {
           return begins_at_name(step, route, type);
         });
}

void EventDispatcher::run(EventRoute const& route, Transaction& tx, RawEvent const& event) const {
  if (route.version == 1 && upcasts.empty() &&
      !event.message().headers.contains(header::event_version)) {
    route.handle(tx, event, event.payload());
  } else {
    route.handle(tx, event, upcast(route, event));
  }
}

std::string EventDispatcher::upcast(EventRoute const& route, RawEvent const& event) const {
  for (auto const& step : upcasts) {
    if (begins_at_name(step, route, event.type())) return apply(step, event, event.payload());
  }
  std::string payload = event.payload();
  for (int version = version_of(event); version != route.version; ++version)
    payload = apply(step_from(route, event, version), event, payload);
  return payload;
}

EventUpcastStep const& EventDispatcher::step_from(EventRoute const& route, RawEvent const& event,
                                                  int version) const {
  auto const found = std::ranges::find_if(upcasts, [&](EventUpcastStep const& step) {
    return step.type == route.names.front() && step.from_version == version;
  });
  if (found != upcasts.end() && version < route.version) return *found;
  throw Error{Fault::malformed, subject_of(event) + ": version " + std::to_string(version) +
                                    " is not understood, this service reads version " +
                                    std::to_string(route.version) +
                                    "; add an upcast, or deploy what reads it"};
}

}  // namespace tram::detail
