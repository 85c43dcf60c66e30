// A message is written in one transaction with the data that it tells of, published by the relay,
// and handled once in effect. Arguments, if any: the URL of a database, and that of a broker.

#include <iostream>
#include <tram/all_drivers.hpp>
#include <tram/tram.hpp>

struct ShipmentBooked {
  std::string shipment_id, carrier;
};

int main(int argc, char** argv) try {
  tram::StopSignals const signals;
  tram::Runtime const runtime;
  auto database =
      tram::connect::database(argc > 1 ? argv[1] : "sqlite:shop.db", tram::all_drivers(), runtime);
  auto const broker = tram::connect::broker(argc > 2 ? argv[2] : "embedded:channels.db",
                                            tram::all_drivers(), runtime);
  tram::Service shop{{database, *broker, runtime}, {.name = "shop", .install_schema = true}};
  shop.prepare([](tram::Transaction& tx) {
    tx.execute("CREATE TABLE IF NOT EXISTS shipments (id VARCHAR(36) PRIMARY KEY, carrier TEXT)");
    tx.execute("CREATE TABLE IF NOT EXISTS arrivals (id VARCHAR(36) PRIMARY KEY, carrier TEXT)");
  });
  shop.relay_outbox();  // left out where tram-cdc does it
  shop.subscribe(
      "arrivals", {"shipments"}, [&](tram::Transaction& tx, ShipmentBooked const& booked) {
        tx.execute("INSERT INTO arrivals VALUES (?, ?)", booked.shipment_id, booked.carrier);
        std::cout << "handled: shipment " << booked.shipment_id << "\n";
        signals.request_stop();  // it has been shown
      });
  shop.add(tram::Component{
      "desk", [&](std::stop_token const& stop) {
        ShipmentBooked const booked{tram::random_uuid(runtime.random), "Hermes"};
        database.transact([&](tram::Transaction& tx) {
          tx.execute("INSERT INTO shipments VALUES (?, ?)", booked.shipment_id, booked.carrier);
          shop.outbox().send(tx, "shipments", booked, {.partition_key = booked.shipment_id});
        });
        std::cout << "written: shipment " << booked.shipment_id << ", with its message\n";
        runtime.clock.pause(std::chrono::minutes{1}, stop);
      }});
  return shop.run(signals.stop());
} catch (tram::Error const& error) {
  std::cerr << "error: " << error.what() << "\n";
  return tram::exit_cannot_start;
}
