// expect: tram: a handler of events is called with (Transaction&, Event<E> const&), and says so
#include "orders.hpp"

tram::Subscription handlers() {
  return tram::handle_events<Order>("view").on([](tram::Transaction&, auto const&) {});
}
