// A message is written in one transaction with the data that it tells of, published by the relay,
// and handled once. All three run in this process; the second and third could be anywhere.

#include <tram/base/clock.hpp>
#include <tram/base/random.hpp>
#include <tram/connect/broker.hpp>
#include <tram/connect/database.hpp>
#include <tram/outbox/outbox.hpp>
#include <tram/relay/relay.hpp>
#include <tram/relay/sql_held_row_store.hpp>
#include <tram/subscriber/subscriber.hpp>
#include <tram/wire/id_generator.hpp>

#include <iostream>
#include <thread>

#include "options.hpp"

struct ShipmentBooked {
  int shipment_id{};
  std::string carrier;
};

int main(int argc, char** argv) {
  auto const options = examples::options(argc, argv);
  tram::SystemClock clock;
  tram::SystemRandom random;
  auto database = tram::connect::database(options.database_url, {}, clock, random);
  auto const broker = tram::connect::broker(options.broker_url, {}, clock);
  tram::install_schema(database, tram::SchemaName{});
  database.transact([](tram::Transaction& tx) {
    tx.execute("CREATE TABLE IF NOT EXISTS shipments (id INTEGER PRIMARY KEY, carrier TEXT)");
    tx.execute("CREATE TABLE IF NOT EXISTS arrivals (shipment_id INTEGER, carrier TEXT)");
  });

  // The relay, from the outbox table to the broker: stands by where a tram-cdc does this.
  auto const source =
      tram::connect::outbox(options.database_url, {}, clock, random)->change_source();
  tram::SqlHeldRowStore held{database, tram::SchemaName{}, *source};
  tram::Relay relay{{*source, *broker, held, nullptr, clock, random}, {}};
  std::jthread const relaying{[&](std::stop_token const& stop) { relay.run(stop); }};
  auto const relayed = [&] { return relay.status().caught_up || relay.status().standby; };
  while (!relayed()) clock.pause(std::chrono::milliseconds{10});

  // The subscription: what the handler writes is there once, however often the message comes.
  tram::WorkerPool workers{2};
  auto const handle = [](tram::Transaction& tx, tram::IncomingMessage const& incoming) {
    auto const booked = tram::json::decode<ShipmentBooked>(incoming.message.payload);
    tx.execute("INSERT INTO arrivals VALUES (?, ?)", booked.shipment_id, booked.carrier);
    std::cout << "the handler got message " << incoming.id() << "\n";
  };
  tram::Subscriber subscriber{
      {database, *broker, workers, clock, random}, {}, {{"arrivals", {"shipments"}, handle}}};
  std::jthread const subscribing{[&](std::stop_token const& stop) { subscriber.run(stop); }};

  // The sender: both rows or none.
  tram::IdGenerator ids{clock, tram::MachineNumber::choose(std::nullopt, random)};
  auto const outbox = tram::Outbox::of(database, ids, random);
  auto const shipment = database.transact([&](tram::Transaction& tx) {
    int const id = tx.execute("SELECT coalesce(max(id), 0) + 1 FROM shipments")[0].get<int>(0);
    tx.execute("INSERT INTO shipments VALUES (?, ?)", id, "Hermes");
    auto const message_id = outbox.send(tx, "shipments", ShipmentBooked{id, "Hermes"},
                                        {.partition_key = std::to_string(id)});
    std::cout << "wrote shipment " << id << " and message " << message_id << "\n";
    return id;
  });
  std::cout << "committed both in one transaction of " << database.name() << "\n";

  auto const arrivals = [&] {
    return database.transact({.access = tram::Access::read_only}, [&](tram::Transaction& tx) {
      return tx.execute("SELECT count(*) FROM arrivals WHERE shipment_id = ?", shipment)[0]
          .get<int>(0);
    });
  };
  auto const deadline = tram::Deadline::after(clock, std::chrono::minutes{1});
  while (arrivals() == 0 && !deadline.reached(clock)) clock.pause(std::chrono::milliseconds{10});
  bool const once = arrivals() == 1;
  std::cout << "the relay published through " << broker->traits().name << "; "
            << (once ? "handled once" : "NOT handled: " + relay.status().trouble) << "\n";
  return once ? 0 : 1;
}
