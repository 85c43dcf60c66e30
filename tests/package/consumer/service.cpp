#include <tram/embedded/kit.hpp>
#include <tram/sqlite/kit.hpp>
#include <tram/tram.hpp>

struct ShipmentBooked {
  int shipment_id{};
};

// consumer_service, in a folder of its own: a whole service that names two drivers. It sends one
// message, and ends when that is handled.
int main() {
  tram::StopSignals const signals;
  tram::Runtime const runtime;
  auto database = tram::connect::database("sqlite:service.db", {tram::sqlite::kit}, runtime);
  auto const broker = tram::connect::broker("embedded:records.db", {tram::embedded::kit}, runtime);
  tram::Service shop{{database, *broker, runtime}, {.name = "shop", .install_schema = true}};
  shop.relay_outbox();
  shop.subscribe("arrivals", {"shipments"}, [&](tram::Transaction&, ShipmentBooked const& booked) {
    if (booked.shipment_id == 7) signals.request_stop();
  });
  shop.add(tram::Component{"desk", [&](std::stop_token const& stop) {
                             database.transact([&](tram::Transaction& tx) {
                               shop.outbox().send(tx, "shipments", ShipmentBooked{7});
                             });
                             runtime.clock.pause(std::chrono::minutes{1}, stop);
                           }});
  return shop.run(signals.stop());
}
