// expect: tram: the second parameter of a handler of events is an Event<E> const&
#include "orders.hpp"

tram::Subscription handlers() {
  return tram::handle_events<Order>("view").on([](tram::Transaction&, OrderPlaced const&) {});
}
