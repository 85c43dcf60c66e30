// What typed messages cost beside code written by hand, in one run: an event of 300 bytes from its
// struct to the row in the outbox, and from the message to the struct in its handler. Then what
// dispatching adds to reading the payload. The database does nothing.

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "medians.hpp"
#include "order_placed.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/commands/command_handlers.hpp"
#include "tram/commands/reply_handlers.hpp"
#include "tram/events/event_handlers.hpp"
#include "tram/events/event_publisher.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/sql/connection.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/wire/http_date.hpp"
#include "tram/wire/id_generator.hpp"

namespace {

using namespace tram;
using benchmarks::OrderPlaced;
using benchmarks::payload;
using benchmarks::text;

struct Order {
  static constexpr WireType wire_type{"orders.Order"};
  using Events = EventsOf<OrderPlaced>;
};
constexpr Endpoint<OrderPlaced> endpoint{{"orders.Order"}};

constexpr std::int64_t order_id{4711};
constexpr double dispatch_wanted{2000};
constexpr double ratio_wanted{0.7};

/// Takes every statement and does nothing.
struct NoDatabase final : Connection {
  void begin(Access /*access*/, Deadline /*deadline*/) override {}
  Rows execute(std::string_view /*sql*/, Parameters /*parameters*/,
               Deadline /*deadline*/) override {
    return {};
  }
  void post(std::string_view /*sql*/, Parameters parameters, Deadline /*deadline*/) override {
    benchmark::DoNotOptimize(parameters.data());
  }
  void commit(Deadline /*deadline*/) override {}
  bool reset() noexcept override { return true; }
};

/// What both ways stand on.
constexpr Dialect plain_dialect{};

struct World {
  SystemClock clock;
  SystemRandom random;
  IdGenerator ids{clock, MachineNumber{17}};
  Outbox outbox{{.dialect = plain_dialect,
                 .table = OutboxTable{},
                 .ids = ids,
                 .clock = clock,
                 .random = random},
                {}};
  NoDatabase connection;
  Transaction tx{connection, plain_dialect, Deadline::never(), {}};
};

// By hand: a struct to the row of its message, and back, for just this event.
namespace by_hand {

std::string publish(World& world, OrderPlaced const& event) {
  auto id = world.ids.next().to_string();
  auto const aggregate_id = std::to_string(order_id);
  std::string headers;
  auto const add = [&](std::string_view name, std::string_view value) {
    headers += headers.empty() ? '{' : ',';
    benchmarks::by_hand::append_string(headers, name);
    headers += ':';
    benchmarks::by_hand::append_string(headers, value);
  };
  add("event-type", OrderPlaced::wire_type.name);
  add("event-aggregate-type", Order::wire_type.name);
  add("event-aggregate-id", aggregate_id);
  add("DESTINATION", Order::wire_type.name);
  add("DATE", http_date(world.clock.wall()));
  add("PARTITION_ID", aggregate_id);
  add("ID", id);
  headers += '}';
  auto const json = benchmarks::by_hand::encode(event);
  // What PostgreSQL would refuse at the end of the transaction.
  if (!simdjson::validate_utf8(json) || json.find('\0') != std::string::npos) std::abort();
  if (!simdjson::validate_utf8(headers)) std::abort();
  world.tx.post("INSERT INTO message VALUES (?, ?, ?, ?)", id, Order::wire_type.name, headers,
                json);
  return id;
}

template <class Handler>
void dispatch(simdjson::ondemand::parser& parser, Message const& message, Handler const& handler) {
  auto const& headers = message.headers;
  if (headers.require("event-aggregate-type") != Order::wire_type.name) std::abort();
  if (headers.require("event-type") != OrderPlaced::wire_type.name) std::abort();
  handler(headers.require("ID"), headers.require("event-aggregate-id"),
          benchmarks::by_hand::decode(parser, message.payload));
}

}  // namespace by_hand

IncomingMessage incoming(Headers headers) {
  headers.set("ID", "0000018bcfe56800-0242ac1100800000");
  headers.set("DESTINATION", "orders.Order");
  headers.set("DATE", "Tue, 3 Jun 2008 11:05:30 GMT");
  headers.set("PARTITION_ID", "4711");
  return {.message = {std::move(headers), text()},
          .subscriber_id = "view",
          .source = {.channel = "orders.Order"},
          .key = "4711"};
}
IncomingMessage event_message() {
  return incoming({{"event-type", "orders.OrderPlaced"},
                   {"event-aggregate-type", "orders.Order"},
                   {"event-aggregate-id", "4711"}});
}

void publish_by_hand(benchmark::State& state) {
  World world;
  for (auto _ : state) benchmark::DoNotOptimize(by_hand::publish(world, payload()));
}
void publish_by_tram(benchmark::State& state) {
  World world;
  EventPublisher const events{world.outbox};
  for (auto _ : state)
    benchmark::DoNotOptimize(events.publish<Order>(world.tx, order_id, payload()));
}
void handle_by_hand(benchmark::State& state) {
  simdjson::ondemand::parser parser;
  auto const message = event_message().message;
  for (auto _ : state) {
    by_hand::dispatch(parser, message,
                      [](std::string const&, std::string const&, OrderPlaced const& event) {
                        benchmark::DoNotOptimize(event.placed_at);
                      });
  }
}

/// One message after the other to a subscription.
void give(benchmark::State& state, Subscription const& subscription,
          IncomingMessage const& message) {
  World world;
  for (auto _ : state) subscription.handler(world.tx, message);
}
void handle_by_tram(benchmark::State& state) {
  give(state, handle_events<Order>("view").on([](Transaction&, Event<OrderPlaced> const& event) {
    benchmark::DoNotOptimize(event->placed_at);
  }),
       event_message());
}
void handle_command(benchmark::State& state) {
  World const world;
  give(state,
       handle_commands(endpoint, world.outbox)
           .on([](Transaction&, Command<OrderPlaced> const& command) {
             benchmark::DoNotOptimize(command->placed_at);
           }),
       incoming({{"command_type", "orders.OrderPlaced"}, {"command_reply_to", "replies"}}));
}
void handle_reply(benchmark::State& state) {
  give(state,
       handle_replies({"orders.Order"}).on([](Transaction&, Reply<OrderPlaced> const& reply) {
         benchmark::DoNotOptimize(reply->placed_at);
       }),
       incoming({{"reply_type", "orders.OrderPlaced"},
                 {"reply_outcome-type", "SUCCESS"},
                 {"reply_to_message_id", "0000018bcfe56800-0242ac1100800000"}}));
}
void read_payload(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(json::decode<OrderPlaced>(text()));
}
BENCHMARK(publish_by_hand);
BENCHMARK(publish_by_tram);
BENCHMARK(handle_by_hand);
BENCHMARK(handle_by_tram);
BENCHMARK(handle_command);
BENCHMARK(handle_reply);
BENCHMARK(read_payload);

}  // namespace

int main(int count, char** arguments) {
  benchmarks::Medians medians;
  benchmarks::run(medians, count, arguments);
  auto const publish_hand = medians.of("publish_by_hand");
  auto const publish_tram = medians.of("publish_by_tram");
  auto const handle_hand = medians.of("handle_by_hand");
  auto const handle_tram = medians.of("handle_by_tram");
  std::printf("payload: %zu bytes\n", text().size());
  benchmarks::print_ratio("struct to row", publish_hand, publish_tram);
  benchmarks::print_ratio("message to struct", handle_hand, handle_tram);
  benchmarks::print_ratio("struct to message to struct", publish_hand + handle_hand,
                          publish_tram + handle_tram);
  std::printf("%.2f wanted\n", ratio_wanted);
  auto const json = medians.of("read_payload");
  for (auto const* what : {"handle_by_tram", "handle_command", "handle_reply"}) {
    std::printf("%s: %.0f ns beyond the payload's JSON; below %.0f wanted\n", what,
                medians.of(what) - json, dispatch_wanted);
  }
}
