// expect: tram: an aggregate needs `wire_type` and `using Events = tram::EventsOf<...>`
#include "orders.hpp"

struct Basket {};

void publish(tram::Transaction& tx, tram::EventPublisher const& events) {
  events.publish<Basket>(tx, "1", OrderPlaced{});
}
