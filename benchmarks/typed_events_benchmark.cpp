// How many typed events a second a subscription handles on a real PostgreSQL, beside plain messages
// with the same payload and the same effect, in one run and in turns. The broker is in memory, and
// all records are there before.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "order_placed.hpp"
#include "postgres_server.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/events/event_handlers.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/schema/schema.hpp"
#include "tram/subscriber/subscriber.hpp"
#include "tram/subscriber/workers.hpp"
#include "tram/wire/record.hpp"

namespace {

using namespace tram;
using benchmarks::OrderPlaced;
using testing::PostgresServer;

constexpr int messages = 10'000;
constexpr int runs = 5;
constexpr double wanted = 0.9;
constexpr char const* effect = "INSERT INTO arrivals (placed_at, note) VALUES (?, ?)";

struct Order {
  static constexpr WireType wire_type{"orders.Order"};
  using Events = EventsOf<OrderPlaced>;
};

Subscription plain(std::string const& subscriber_id) {
  auto const& order = benchmarks::payload();
  return {subscriber_id,
          {std::string{Order::wire_type.name}},
          [&order](Transaction& tx, IncomingMessage const&) {
            tx.post(effect, order.placed_at, *order.note);
          }};
}
Subscription typed(std::string const& subscriber_id) {
  return handle_events<Order>(subscriber_id)
      .on([](Transaction& tx, Event<OrderPlaced> const& event) {
        tx.post(effect, event->placed_at, *event->note);
      });
}

struct Rate {
  double per_second;
  /// Of this process; the server's is not in it.
  double cpu_microseconds;
};

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

Rate rate(Database& database, Clock& clock, Random& random, std::size_t threads,
          Subscription subscription) {
  auto const broker = embedded::in_memory_broker({}, clock);
  auto const producer = broker->producer();
  broker->create_channels(subscription.channels, 8, Deadline::never());
  for (int number = 0; number < messages; ++number) {
    auto const id = std::to_string(number);
    auto const value = record_value({.headers = {{"ID", id},
                                                 {"PARTITION_ID", id},
                                                 {"DESTINATION", "orders.Order"},
                                                 {"DATE", "Tue, 3 Jun 2008 11:05:30 GMT"},
                                                 {"event-type", "orders.OrderPlaced"},
                                                 {"event-aggregate-type", "orders.Order"},
                                                 {"event-aggregate-id", id}},
                                     .payload = benchmarks::text()});
    [[maybe_unused]] bool const taken =
        producer->submit({.channel = Order::wire_type.name, .key = id, .value = value},
                         Sequence{static_cast<std::uint64_t>(number) + 1});
  }
  WorkerPool workers{threads};
  Subscriber subscriber{{database, *broker, workers, clock, random},
                        {},
                        std::vector<Subscription>{std::move(subscription)}};
  auto const begun = clock.steady();
  auto const cpu = cpu_seconds();
  {
    std::jthread const running{[&](std::stop_token const& stop) { subscriber.run(stop); }};
    while (subscriber.status()[0].counters.handled < messages)
      clock.pause(std::chrono::milliseconds{1});
  }
  auto const seconds = std::chrono::duration<double>(clock.steady() - begun).count();
  return {.per_second = messages / seconds,
          .cpu_microseconds = (cpu_seconds() - cpu) * 1e6 / messages};
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  PostgresServer const server;
  SystemClock clock;
  SystemRandom random;
  auto database = postgres::connect({.connection = server.connection()}, {}, clock, random);
  install_schema(database, SchemaName{});
  server.sql("CREATE TABLE arrivals (placed_at BIGINT, note TEXT)");
  for (std::size_t const threads : {1U, 8U}) {
    std::vector<double> ratios;
    std::vector<double> rates;
    std::vector<double> cpu_plain;
    std::vector<double> cpu_typed;
    for (int run = 0; run < runs; ++run) {
      auto const name = std::to_string(threads) + "-" + std::to_string(run);
      auto const before = rate(database, clock, random, threads, plain("plain-" + name));
      auto const events = rate(database, clock, random, threads, typed("typed-" + name));
      ratios.push_back(events.per_second / before.per_second);
      rates.push_back(events.per_second);
      cpu_plain.push_back(before.cpu_microseconds);
      cpu_typed.push_back(events.cpu_microseconds);
    }
    std::printf(
        "%zu workers: %.0f typed events/s, ratio to plain messages %.2f (%.2f wanted); CPU %.1f us "
        "an event, %.1f us a plain message\n",
        threads, median(rates), median(ratios), wanted, median(cpu_typed), median(cpu_plain));
  }
}
