// An aggregate decides and says what happened; its events go out with its change. A view elsewhere
// follows them: each is handled once, and those of one order come in their order.

#include <tram/events/event_handlers.hpp>
#include <tram/events/event_publisher.hpp>
#include <tram/events/publishes.hpp>

#include <iostream>

#include "platform.hpp"

using tram::Event, tram::Transaction;
using OrderId = tram::Id<struct OrderTag, std::int64_t>;

struct OrderPlaced {
  static constexpr tram::WireType wire_type{"orders.OrderPlaced"};
  std::string customer;
  std::int64_t total{};
};
struct OrderApproved {
  static constexpr tram::WireType wire_type{"orders.OrderApproved"};
};

struct Order {
  static constexpr tram::WireType wire_type{"orders.Order"};
  using Events = tram::EventsOf<OrderPlaced, OrderApproved>;

  static std::pair<Order, OrderPlaced> place(OrderId id, std::string customer, std::int64_t total) {
    return {Order{id, "placed"}, OrderPlaced{std::move(customer), total}};
  }
  OrderApproved approve() {
    state = "approved";
    return {};
  }
  OrderId id;
  std::string state;
};

tram::Subscription order_view() {
  return tram::handle_events<Order>("order-view")
      .on([](Transaction& tx, Event<OrderPlaced> const& event) {
        tx.execute("INSERT INTO order_view VALUES (?, ?, 'placed')",
                   event.aggregate_id_as<OrderId>(), event->customer);
        std::cout << event->customer << " placed an order of " << event->total << "\n";
      })
      .on([](Transaction& tx, Event<OrderApproved> const& event) {
        tx.execute("UPDATE order_view SET state = 'approved' WHERE id = ?",
                   event.aggregate_id_as<OrderId>());
        std::cout << "order " << event.aggregate_id() << " was approved\n";
      });
}

int main(int argc, char** argv) {
  std::vector<std::string> const tables{
      "orders (id BIGINT PRIMARY KEY, state TEXT)",
      "order_view (id BIGINT PRIMARY KEY, customer TEXT, state TEXT)"};
  examples::Platform platform{argc, argv, "orders", tables};
  platform.service.add(tram::publishes<Order>()).add(order_view());
  return platform.run([&] {
    tram::EventPublisher const events{platform.service.outbox()};
    auto order = platform.database.transact([&](Transaction& tx) {
      auto const last = tx.execute("SELECT coalesce(max(id), 0) FROM orders")[0].get<int>(0);
      auto const [it, placed] = Order::place(OrderId{last + 1}, "Ann", 1234);
      tx.execute("INSERT INTO orders VALUES (?, ?)", it.id, it.state);
      events.publish<Order>(tx, it.id, placed);
      return it;
    });
    platform.database.transact([&](Transaction& tx) {
      events.publish<Order>(tx, order.id, order.approve());
      tx.execute("UPDATE orders SET state = ? WHERE id = ?", order.state, order.id);
    });
    bool const followed = platform.eventually([&](Transaction& tx) {
      return tx.execute("SELECT 1 FROM order_view WHERE id = ? AND state = 'approved'", order.id)
                 .size() == 1;
    });
    std::cout << (followed ? "the view followed" : "the view did NOT follow") << "\n";
    return followed;
  });
}
