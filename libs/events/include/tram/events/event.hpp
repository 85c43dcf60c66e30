#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "tram/base/error.hpp"
#include "tram/events/aggregate.hpp"
#include "tram/messaging/incoming_message.hpp"
#include "tram/messaging/payload.hpp"
#include "tram/wire/header_names.hpp"
#include "tram/wire/id_text.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The headers of an event, before its payload is read. Refers to the message; valid while the
/// handler runs.
///
///     log(event.type(), event.aggregate_id_as<OrderId>(), event.payload());
class RawEvent {
 public:
  /// `type` is the name under which the handler is registered. Malformed: one of the event's
  /// headers is missing.
  RawEvent(IncomingMessage const& incoming, std::string_view type)
      : incoming_{&incoming},
        type_{type},
        aggregate_type_{&require_header(incoming, header::event_aggregate_type)},
        aggregate_id_{&require_header(incoming, header::event_aggregate_id)},
        message_id_{&require_header(incoming, header::id)} {}

  RawEvent(IncomingMessage const&& incoming, std::string_view type) = delete;

  [[nodiscard]] std::string_view type() const { return type_; }
  [[nodiscard]] std::string const& aggregate_type() const { return *aggregate_type_; }
  [[nodiscard]] std::string const& aggregate_id() const { return *aggregate_id_; }
  /// The id as an `OrderId`, say, or an integer. Malformed: the text is no such integer.
  template <class AggregateId>
  [[nodiscard]] AggregateId aggregate_id_as() const {
    try {
      return parse_id<AggregateId>(*aggregate_id_);
    } catch (Error const& error) {
      throw Error{error.fault(), place_of(*incoming_) + ": " + error.what()};
    }
  }
  [[nodiscard]] std::string const& message_id() const { return *message_id_; }
  [[nodiscard]] std::string const& payload() const { return incoming_->message.payload; }
  [[nodiscard]] Message const& message() const { return incoming_->message; }
  [[nodiscard]] IncomingMessage const& incoming() const { return *incoming_; }
  /// The value, valid as long as the message; nothing when absent.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    return incoming_->header(name);
  }

 private:
  IncomingMessage const* incoming_;
  std::string_view type_;
  std::string const* aggregate_type_;
  std::string const* aggregate_id_;
  std::string const* message_id_;
};

/// An event with its payload: `event->total`.
///
///     .on([&](tram::Transaction& tx, tram::Event<OrderApproved> const& event) {
///       view.add(tx, event->customer_id, event->total);
///     })
template <class E>
class Event final : public RawEvent {
 public:
  Event(RawEvent const& raw, E event) : RawEvent{raw}, event_{std::move(event)} {}

  [[nodiscard]] E const& operator*() const { return event_; }
  [[nodiscard]] E const* operator->() const { return &event_; }

 private:
  E event_;
};

namespace detail {

template <class T>
inline constexpr bool is_event = false;
template <class E>
inline constexpr bool is_event<Event<E>> = true;
template <class T>
struct EventInside;
template <class E>
struct EventInside<Event<E>> {
  using Type = E;
};

}  // namespace detail
}  // namespace tram

#pragma GCC visibility pop
