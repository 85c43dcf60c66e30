// Compiled like the wrong uses, to show that it is not the way of compiling that fails.
#include "orders.hpp"

void publish(tram::Transaction& tx, tram::EventPublisher const& events) {
  events.publish<Order>(tx, "1", OrderPlaced{});
}

tram::Subscription handlers() {
  return tram::handle_events<Order>("view").on(
      [](tram::Transaction&, tram::Event<OrderPlaced> const&) {});
}
