#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/detail/function.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/events/event.hpp"
#include "tram/events/event_names.hpp"
#include "tram/messaging/message_description.hpp"
#include "tram/subscriber/subscription.hpp"

#pragma GCC visibility push(default)

namespace tram {
/// In tram/events/event_counters.hpp.
struct EventCounters;
}  // namespace tram

namespace tram::detail {

using RawEventHandler = std::function<void(Transaction& tx, RawEvent const& event)>;
using EventUpcast = std::function<std::string(std::string_view payload)>;

/// What to do with one type of event of one aggregate.
struct EventRoute {
  std::string aggregate_type;
  /// The current name first; then former ones.
  std::vector<std::string> names;
  /// Of the type in the code; 1 for types without versions.
  int version{1};
  std::string operation;
  PayloadDescription payload{};
  /// `payload` is of the current version.
  std::function<void(Transaction& tx, RawEvent const& event, std::string_view payload)> handle;
};

std::shared_ptr<EventCounters> own_counters();

/// Empty where the handler is.
std::function<void(Transaction& tx, RawEvent const& event, std::string_view payload)>
without_payload(RawEventHandler handler);

/// One step of a payload towards its current form.
struct EventUpcastStep {
  /// The current name of the type.
  std::string type;
  /// Where it begins: at a version, or, where the name is not empty, at a former name.
  int from_version{};
  std::string from_name{};
  EventUpcast upcast;
};

/// All that a subscriber does with events; becomes a subscription.
struct EventDispatcher {
  std::string subscriber_id;
  std::vector<std::string> aggregate_types;
  std::vector<EventRoute> routes;
  std::vector<EventUpcastStep> upcasts;
  RawEventHandler otherwise;
  EventNames names;
  // Shared by handler and metrics; owns nothing where the caller counts.
  std::shared_ptr<EventCounters> counters{own_counters()};
  SubscriptionOptions options;
  Interceptors interceptors;

  void add_aggregate(std::string_view type);
  /// Rejected: a second handler for the same event, an empty one, one for a type without a name.
  void add(EventRoute route);
  /// Rejected: a second step from the same place, an empty one, one from no earlier version.
  void add(EventUpcastStep step, int current_version);
  /// Rejected: a second one, an empty one.
  void set_otherwise(RawEventHandler handler);
  [[nodiscard]] Subscription subscription() const;
  /// What the subscription handles.
  [[nodiscard]] std::vector<MessageDescription> descriptions() const;

  void dispatch(Transaction& tx, IncomingMessage const& incoming) const;

 private:
  [[nodiscard]] EventRoute const* find(std::string_view aggregate_type,
                                       std::string_view type) const;
  [[nodiscard]] bool takes(EventRoute const& route, std::string_view type) const;
  void run(EventRoute const& route, Transaction& tx, RawEvent const& event) const;
  [[nodiscard]] std::string upcast(EventRoute const& route, RawEvent const& event) const;
  [[nodiscard]] EventUpcastStep const& step_from(EventRoute const& route, RawEvent const& event,
                                                 int version) const;
};

}  // namespace tram::detail

#pragma GCC visibility pop
