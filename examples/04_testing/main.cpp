// How to test a handler: the whole way of a message in one thread, with real SQL, and with
// everything that "at least once" allows. Works with any test framework; this one has none.

#include <iostream>
#include <string>

#include "tram/json/json.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/sql/database.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/testkit/in_memory_world.hpp"

namespace {

struct OrderPlaced {
  std::string order;
  int boxes{};
};
struct StockReserved {
  std::string order;
};

/// Under test: reserves stock for an order and tells it on.
void reserve_stock(tram::Transaction& tx, tram::IncomingMessage const& incoming,
                   tram::Outbox const& outbox) {
  auto const placed = tram::json::decode<OrderPlaced>(incoming.message.payload);
  tx.execute("UPDATE stock SET boxes = boxes - ?", placed.boxes);
  outbox.send(tx, "reservations", StockReserved{placed.order}, {.partition_key = placed.order});
}

void place_orders(tram::testkit::InMemoryWorld& world) {
  for (std::string const order : {"o-1", "o-2", "o-3"}) {
    world.database().transact([&](tram::Transaction& tx) {
      world.outbox().send(tx, "orders", OrderPlaced{order, 2}, {.partition_key = "customer-7"});
    });
  }
}

int boxes_left(tram::testkit::InMemoryWorld& world) {
  return world.database().transact(
      [](tram::Transaction& tx) { return tx.execute("SELECT boxes FROM stock")[0].get<int>(0); });
}

}  // namespace

int main() {
  tram::testkit::InMemoryWorld world;
  world.database().transact([](tram::Transaction& tx) {
    tx.execute("CREATE TABLE stock (boxes INTEGER CHECK (boxes >= 0))");
    tx.execute("INSERT INTO stock VALUES (5)");
  });
  world.add({.subscriber_id = "warehouse",
             .channels = {"orders"},
             .handler = [&](tram::Transaction& tx, tram::IncomingMessage const& incoming) {
               reserve_stock(tx, incoming, world.outbox());
             }});

  // Every record is delivered twice, in any order of keys, and the processes crash in between.
  world.disturb({.duplicates = true, .shuffled = true});
  place_orders(world);
  world.crash();
  world.run_until_quiet();

  // Two orders fit. The third fails, and is held with its reason; nothing of it is published.
  require_published(world.published("reservations"), {R"({"order":"o-1"})", R"({"order":"o-2"})"});
  std::cout << "boxes left: " << boxes_left(world) << "\nheld: " << world.held().at(0).reason
            << '\n';

  // More boxes arrive, somebody retries, and the order is handled as if nothing had been.
  world.database().transact(
      [](tram::Transaction& tx) { tx.execute("UPDATE stock SET boxes = 9"); });
  world.retry_held();
  world.run_until_quiet();
  std::cout << "boxes left: " << boxes_left(world) << '\n';
  return boxes_left(world) == 7 && world.held().empty() ? 0 : 1;
}
