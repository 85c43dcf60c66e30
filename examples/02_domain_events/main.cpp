// An aggregate decides and says what happened; its events go out with its change. A view elsewhere
// follows them: each is handled once, and those of one order come in their order. Arguments, if
// any: the URL of a database, and that of a broker; or --asyncapi, which only prints the document.

#include <iostream>
#include <tram/all_drivers.hpp>
#include <tram/tram.hpp>

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

tram::Subscription order_view(tram::StopSignals const& signals) {
  return tram::handle_events<Order>("order-view")
      .on([](Transaction& tx, Event<OrderPlaced> const& event) {
        tx.execute("INSERT INTO order_view VALUES (?, ?, 'placed')",
                   event.aggregate_id_as<OrderId>(), event->customer);
        std::cout << event->customer << " placed an order of " << event->total << "\n";
      })
      .on([&](Transaction& tx, Event<OrderApproved> const& event) {
        tx.execute("UPDATE order_view SET state = 'approved' WHERE id = ?",
                   event.aggregate_id_as<OrderId>());
        std::cout << "order " << event.aggregate_id() << " was approved\n";
        signals.request_stop();  // the view has followed
      });
}

Order place(tram::Database& database, tram::EventPublisher const& events) {
  return database.transact([&](Transaction& tx) {
    auto const last = tx.execute("SELECT coalesce(max(id), 0) FROM orders")[0].get<int>(0);
    auto const [order, placed] = Order::place(OrderId{last + 1}, "Ann", 1234);
    tx.execute("INSERT INTO orders VALUES (?, ?)", order.id, order.state);
    events.publish<Order>(tx, order.id, placed);
    return order;
  });
}

void approve(tram::Database& database, tram::EventPublisher const& events, Order order) {
  database.transact([&](Transaction& tx) {
    events.publish<Order>(tx, order.id, order.approve());
    tx.execute("UPDATE orders SET state = ? WHERE id = ?", order.state, order.id);
  });
}

int main(int argc, char** argv) try {
  tram::StopSignals const signals;
  tram::Runtime const runtime;
  auto database = tram::connect::database(argc > 2 ? argv[1] : "sqlite:orders.db",
                                          tram::all_drivers(), runtime);
  auto const broker = tram::connect::broker(argc > 2 ? argv[2] : "embedded:channels.db",
                                            tram::all_drivers(), runtime);
  tram::Service orders{{database, *broker, runtime},
                       {.name = "orders", .version = "1.0.0", .install_schema = true}};
  orders.prepare([](Transaction& tx) {
    tx.execute("CREATE TABLE IF NOT EXISTS orders (id BIGINT PRIMARY KEY, state TEXT)");
    tx.execute("CREATE TABLE IF NOT EXISTS order_view "
               "(id BIGINT PRIMARY KEY, customer TEXT, state TEXT)");
  });
  orders.relay_outbox();
  orders.add(tram::publishes<Order>()).add(order_view(signals));
  orders.add(tram::Component{"desk", [&](std::stop_token const& stop) {
                               tram::EventPublisher const events{orders.outbox()};
                               approve(database, events, place(database, events));
                               runtime.clock.pause(std::chrono::minutes{1}, stop);
                             }});
  if (argc != 2) return orders.run(signals.stop());
  std::cout << tram::asyncapi(orders.description());  // --asyncapi
  return 0;
} catch (tram::Error const& error) {
  std::cerr << "error: " << error.what() << "\n";
  return tram::exit_cannot_start;
}
