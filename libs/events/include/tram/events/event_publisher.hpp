#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tram/events/aggregate.hpp"
#include "tram/events/event_names.hpp"
#include "tram/json/json.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/wire/id_text.hpp"

#pragma GCC visibility push(default)

namespace tram {

namespace detail {

/// An event on its way to the outbox.
struct EventDraft {
  std::string_view aggregate_type;
  std::string_view aggregate_id;
  std::string_view event_type;
  /// 0 for types without versions.
  int version{};
  std::string payload;
};

}  // namespace detail

/// Publishes what happened to an aggregate, in the transaction that changed it:
///
///     events.publish<Order>(tx, order.id, placed);
///
/// The channel is the aggregate's wire name; events of one aggregate id keep their order. A value;
/// callable from any thread.
class EventPublisher final {
 public:
  /// `outbox` must outlive the publisher.
  explicit EventPublisher(Outbox const& outbox, EventNames names = {})
      : outbox_{&outbox}, names_{std::move(names)} {}
  explicit EventPublisher(Outbox const&& outbox, EventNames names = {}) = delete;

  /// Publishes an event that is in the list of `Aggregate`, or a `std::variant` of such events, and
  /// returns the message's id; or a range of either, in its order, and returns their ids. `headers`
  /// are added to each message; those of an event win over them. May wait and throws what
  /// `Outbox::send` does.
  template <class Aggregate, class Executor, class AggregateId, class Event>
  auto publish(Executor&& tx, AggregateId const& id, Event const& event,
               Headers const& headers = {}) const {
    static_assert(AggregateType<Aggregate>,
                  "tram: an aggregate needs `wire_type` and `using Events = tram::EventsOf<...>`");
    return publish_any<Aggregate>(tx, id_text(id), event, headers);
  }

 private:
  template <class Aggregate, class Executor, class Event>
  auto publish_any(Executor& tx, std::string const& id, Event const& event,
                   Headers const& headers) const {
    if constexpr (requires { event.valueless_by_exception(); }) {
      return send(tx, draft_any<Aggregate>(id, event), headers);
    } else if constexpr (requires { event.begin(); }) {
      std::vector<detail::EventDraft> drafts;
      for (auto const& one : event) drafts.push_back(draft_any<Aggregate>(id, one));
      return send_all(tx, std::move(drafts), headers);
    } else {
      return send(tx, draft_of<Aggregate>(id, event), headers);
    }
  }
  template <class Aggregate, class Event>
  static detail::EventDraft draft_any(std::string const& id, Event const& event) {
    if constexpr (requires { event.valueless_by_exception(); })
      return visit([&](auto const& one) { return draft_of<Aggregate>(id, one); }, event);
    else return draft_of<Aggregate>(id, event);
  }

  template <class Aggregate, class Event>
  static detail::EventDraft draft_of(std::string const& id, Event const& event) {
    static_assert(EventOf<Aggregate, Event>,
                  "tram: this aggregate does not publish this event: name it in its `Events`");
    if constexpr (EventOf<Aggregate, Event>) {
      return {.aggregate_type = Aggregate::wire_type.name,
              .aggregate_id = id,
              .event_type = wire_names<Event>[0],
              .version = detail::declared_version<Event>(),
              .payload = json::encode(event)};
    } else {
      return {};
    }
  }

  std::string send(StatementExecutor& tx, detail::EventDraft draft, Headers const& headers) const;
  std::vector<std::string> send_all(StatementExecutor& tx, std::vector<detail::EventDraft> drafts,
                                    Headers const& headers) const;
  /// Takes the payload out of the draft.
  [[nodiscard]] Message message_of(detail::EventDraft& draft, Headers const& headers) const;

  Outbox const* outbox_;
  EventNames names_;
};

}  // namespace tram

#pragma GCC visibility pop
