#pragma once

#include "tram/base/clock.hpp"
#include "tram/events/event_handlers.hpp"
#include "tram/events/event_publisher.hpp"
#include "tram/wire/id_generator.hpp"

struct OrderPlaced {
  static constexpr tram::WireType wire_type{"orders.OrderPlaced"};
};
struct Order {
  static constexpr tram::WireType wire_type{"orders.Order"};
  using Events = tram::EventsOf<OrderPlaced>;
};
struct CustomerMoved {
  static constexpr tram::WireType wire_type{"customers.CustomerMoved"};
};
