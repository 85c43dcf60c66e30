// A service of the tests of stops: `tram_stopping_service DATABASE BROKER SUBSCRIPTIONS`, with so
// many subscriptions, a reader of replies, HTTP, and a relay where the database is a file.

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>

#include "tram/all_drivers.hpp"
#include "tram/commands/command_calls.hpp"
#include "tram/connect/broker.hpp"
#include "tram/connect/database.hpp"
#include "tram/host/contribution.hpp"
#include "tram/host/stop_signals.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/service/service.hpp"
#include "tram/sql/database.hpp"

int main(int count, char** arguments) {
  if (count != 4) return 2;
  tram::Runtime const runtime;
  tram::StopSignals const signals{runtime.logger, std::chrono::seconds{10}};
  auto database = tram::connect::database(arguments[1], tram::all_drivers(), runtime);
  auto const broker = tram::connect::broker(arguments[2], tram::all_drivers(), runtime);
  tram::Service service{{database, *broker, runtime},
                        {.name = "stopping",
                         .install_schema = true,
                         .http = tram::http::ServerOptions{.address = "127.0.0.1", .port = 0},
                         .stop_timeout = std::chrono::seconds{8}}};
  service.relay_outbox();
  for (int number = 0; number < std::atoi(arguments[3]); ++number) {
    auto const name = "channel-" + std::to_string(number);
    service.add(
        tram::Subscription{.subscriber_id = name + "-reader",
                           .channels = {name},
                           .handler = [](tram::Transaction&, tram::IncomingMessage const&) {}});
  }
  tram::CommandCalls calls{{.database = database,
                            .broker = *broker,
                            .outbox = service.outbox(),
                            .clock = runtime.clock,
                            .logger = runtime.logger},
                           tram::Channel{"replies"}};
  service.add(calls.contribution());
  return service.run(signals.stop());
}
