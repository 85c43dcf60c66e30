// expect: tram: this aggregate does not publish this event: name it in its `Events`
#include "orders.hpp"

tram::Subscription handlers() {
  return tram::handle_events<Order>("view").on(
      [](tram::Transaction&, tram::Event<CustomerMoved> const&) {});
}
