// expect: tram: this aggregate does not publish this event, so there is nothing to upcast
#include "orders.hpp"

tram::Subscription handlers() {
  return tram::handle_events<Order>("view").upcast<CustomerMoved>(
      tram::WireType{"customers.CustomerWentAway"},
      [](std::string_view json) { return std::string{json}; });
}
