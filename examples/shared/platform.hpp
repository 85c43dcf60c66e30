#pragma once

#include <tram/base/clock.hpp>
#include <tram/base/random.hpp>
#include <tram/connect/broker.hpp>
#include <tram/connect/database.hpp>
#include <tram/service/asyncapi.hpp>
#include <tram/service/service.hpp>
#include <tram/storage/schema.hpp>

#include <atomic>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "options.hpp"

namespace examples {

/// What example 01 puts together by hand, as a service: database, broker, outbox and relay, in one
/// process.
class Platform final {
 public:
  Platform(int argc, char** argv, std::string name, std::vector<std::string> const& tables)
      : options_{options(argc, argv)},
        service{{.database = database,
                 .broker = *broker_,
                 .clock = clock_,
                 .random = random_,
                 .logger = tram::Logger::to_stderr(tram::LogLevel::warning)},
                {.name = std::move(name), .version = "1.0.0"}} {
    tram::install_schema(database, tram::SchemaName{});
    database.transact([&](tram::Transaction& tx) {
      for (auto const& table : tables) tx.execute("CREATE TABLE IF NOT EXISTS " + table);
    });
    service.relay({.outbox = tram::connect::outbox(options_.database_url, {}, clock_, random_)});
  }

  /// Runs the service with what was added to it, and the demonstration beside it; what `main`
  /// returns. `--asyncapi` prints what the service sends and receives instead.
  int run(std::function<bool()> const& demonstration) {
    if (options_.asyncapi) {
      std::cout << tram::asyncapi(service.description()) << "\n";
      return 0;
    }
    std::atomic<int> status{-1};
    std::jthread running{[&](std::stop_token const& stop) { status = service.run(stop); }};
    while (!service.is_running() && status < 0) clock_.pause(std::chrono::milliseconds{10});
    bool const shown = service.is_running() && demonstration();
    running.request_stop();
    running.join();
    return shown ? status.load() : 1;
  }

  /// Looks until the condition holds, for a minute at most.
  bool eventually(std::function<bool(tram::Transaction&)> const& condition) {
    auto const deadline = tram::Deadline::after(clock_, std::chrono::minutes{1});
    while (!deadline.reached(clock_)) {
      if (database.transact({.access = tram::Access::read_only}, condition)) return true;
      clock_.pause(std::chrono::milliseconds{10});
    }
    return false;
  }

 private:
  Options options_;
  tram::SystemClock clock_;
  tram::SystemRandom random_;
  std::unique_ptr<tram::Broker> broker_ = tram::connect::broker(options_.broker_url, {}, clock_);

 public:
  tram::Database database = tram::connect::database(options_.database_url, {}, clock_, random_);
  tram::Service service;
};

}  // namespace examples
