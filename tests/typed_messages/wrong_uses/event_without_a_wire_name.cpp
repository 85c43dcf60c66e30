// expect: tram: this type does not say what it is called on the wire
#include "orders.hpp"

struct Nameless {};
struct Basket {
  static constexpr tram::WireType wire_type{"orders.Basket"};
  using Events = tram::EventsOf<Nameless>;
};

void publish(tram::Transaction& tx, tram::EventPublisher const& events) {
  events.publish<Basket>(tx, "1", Nameless{});
}
