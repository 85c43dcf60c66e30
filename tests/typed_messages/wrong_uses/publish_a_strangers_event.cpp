// expect: tram: this aggregate does not publish this event: name it in its `Events`
#include "orders.hpp"

void publish(tram::Transaction& tx, tram::EventPublisher const& events) {
  events.publish<Order>(tx, "1", CustomerMoved{});
}
