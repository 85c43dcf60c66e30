// A service of the robustness tests, which kill it: `tram_numbers_service ROLES DATABASE BROKER`.
//
// ROLES is a list with commas: `write` sends numbers until the process ends, `relay` and `consume`
// work until then, and `finish` waits until all that was sent is applied, and judges. The exit
// status is 0 after a good verdict, 1 after a bad one, 2 when something could not be started.

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "numbers.hpp"
#include "tram/all_drivers.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/broker.hpp"
#include "tram/connect/database.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/relay/relay.hpp"
#include "tram/relay/sql_held_row_store.hpp"
#include "tram/schema/schema.hpp"
#include "tram/subscriber/subscriber.hpp"
#include "tram/subscriber/workers.hpp"
#include "tram/wire/id_generator.hpp"

namespace {

using namespace tram;

constexpr int writers = 4;
constexpr int keys_per_writer = 4;
constexpr Duration stuck_after{std::chrono::seconds{60}};

struct Surroundings {
  Database& database;
  Clock& clock;
  Random& random;
};

/// Keys belong to one thread, so that their numbers ascend in the order of the commits.
void write(Surroundings const& all, Outbox const& outbox, int writer, std::stop_token const& stop) {
  while (!stop.stop_requested()) {
    auto const key = writer * keys_per_writer + static_cast<int>(all.random.below(keys_per_writer));
    try {
      numbers::write_next(all.database, outbox, "key-" + std::to_string(key), all.random);
      // What heaps up while a broker is down must be worked off in a test's time.
      all.clock.pause(std::chrono::milliseconds{all.random.below(8)}, stop);
    } catch (Error const& error) {
      std::cerr << "event=write.failed reason=\"" << error.what() << "\"" << std::endl;
      all.clock.pause(std::chrono::milliseconds{20}, stop);
    }
  }
}

bool finish(Surroundings const& all) {
  auto verdict = numbers::judge(all.database);
  auto deadline = Deadline::after(all.clock, stuck_after);
  while (verdict.lost > 0 && !deadline.reached(all.clock)) {
    all.clock.pause(std::chrono::milliseconds{50});
    auto const before = verdict.lost;
    verdict = numbers::judge(all.database);
    if (verdict.lost < before) deadline = Deadline::after(all.clock, stuck_after);
  }
  std::cout << numbers::to_string(verdict) << std::endl;
  return verdict.is_good();
}

int serve(std::string const& roles, std::string const& database_url,
          std::string const& broker_url) {
  auto const has = [&](char const* role) { return roles.find(role) != std::string::npos; };
  Runtime const runtime;
  auto const& [clock, random, logger] = runtime;
  auto database = connect::database(database_url, all_drivers(), runtime, {.connections_max = 16});
  Surroundings const all{database, clock, random};
  install_schema(database, SchemaName{});
  numbers::create_tables(database);

  std::vector<std::jthread> threads;
  std::unique_ptr<Broker> broker;
  if (has("relay") || has("consume")) broker = connect::broker(broker_url, all_drivers(), runtime);
  std::unique_ptr<ChangeSource> source;
  std::optional<SqlHeldRowStore> held;
  std::unique_ptr<Relay> relay;
  if (has("relay")) {
    source = outbox_of(database)->change_source();
    held.emplace(database, SchemaName{}, *source);
    relay = std::make_unique<Relay>(
        RelayParts{*source, *broker, *held, nullptr, clock, random, logger}, RelayOptions{});
    threads.emplace_back([&](std::stop_token const& stop) { relay->run(stop); });
  }
  WorkerPool workers{8};
  std::unique_ptr<Subscriber> subscriber;
  if (has("consume")) {
    subscriber = std::make_unique<Subscriber>(
        SubscriberParts{database, *broker, workers, clock, random, logger}, SubscriberOptions{},
        std::vector<Subscription>{{"numbers", {std::string{numbers::channel}}, numbers::apply}});
    threads.emplace_back([&](std::stop_token const& stop) { subscriber->run(stop); });
  }
  IdGenerator ids{clock, MachineNumber::choose(std::nullopt, random)};
  auto const outbox = Outbox::of(database, ids, random);
  std::cout << "ready" << std::endl;
  if (has("write")) {
    for (int writer = 0; writer < writers; ++writer) {
      threads.emplace_back(
          [&, writer](std::stop_token const& stop) { write(all, outbox, writer, stop); });
    }
  }
  int status = 0;
  if (has("finish")) {
    status = finish(all) ? 0 : 1;
  } else {
    clock.pause(std::chrono::minutes{5});
  }
  for (auto& thread : threads) thread.request_stop();
  threads.clear();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::cerr << "usage: tram_numbers_service ROLES DATABASE BROKER\n";
    return 2;
  }
  try {
    return serve(argv[1], argv[2], argv[3]);
  } catch (std::exception const& error) {
    std::cerr << "event=service.failed reason=\"" << error.what() << "\"" << std::endl;
    return 2;
  }
}
