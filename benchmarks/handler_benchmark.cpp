// How many messages a second a subscription handles on a real PostgreSQL, beside a bare libpq loop
// with the same statements in the same round trips on as many connections: the floor. In turns, the
// median of three; with one worker, with eight, and with eight that take several messages in one
// transaction. The broker is in memory, and all records are there before.

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "postgres_server.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/messaging/subscriber.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/sql/schema.hpp"
#include "tram/wire/record.hpp"

namespace {

using namespace tram;
using testing::PostgresServer;

constexpr int messages = 20'000;
constexpr int runs = 3;
constexpr char const* channel = "shipments";
constexpr char const* effect = "INSERT INTO arrivals (number, text) VALUES (";
std::string const text(200, 'x');

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

double per_second(Clock const& clock, std::function<void()> const& work) {
  auto const begun = clock.steady();
  work();
  return messages / std::chrono::duration<double>(clock.steady() - begun).count();
}

/// A connection that runs the transactions of handled messages, and nothing else.
class Bare {
 public:
  explicit Bare(PostgresServer const& server)
      : connection_{PQconnectdb(server.connection().c_str())} {
    prepare("begin", "BEGIN");
    prepare("inbox",
            "INSERT INTO eventuate.received_messages (consumer_id, message_id, creation_time) "
            "VALUES ($1, $2, (ROUND(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * 1000))) ON CONFLICT DO "
            "NOTHING RETURNING EXISTS (SELECT 1 FROM eventuate.tram_held_key WHERE subscriber_id = "
            "$3 AND channel = $4 AND message_key = $5)");
    prepare("effect", std::string{effect} + "$1::bigint, $2)");
    prepare("commit", "COMMIT");
    PQenterPipelineMode(connection_);
  }
  ~Bare() { PQfinish(connection_); }
  Bare(Bare const&) = delete;
  Bare& operator=(Bare const&) = delete;

  void handle(std::string const& subscriber, int number) {
    auto const id = std::to_string(number);
    send("begin", {});
    send("inbox", {subscriber.c_str(), id.c_str(), subscriber.c_str(), channel, id.c_str()});
    PQsendFlushRequest(connection_);
    results(2);
    send("effect", {id.c_str(), text.c_str()});
    send("commit", {});
    PQpipelineSync(connection_);
    results(2);
    PQclear(PQgetResult(connection_));
  }

 private:
  void prepare(char const* name, std::string const& sql) {
    PQclear(PQprepare(connection_, name, sql.c_str(), 0, nullptr));
  }
  void send(char const* name, std::vector<char const*> const& values) {
    PQsendQueryPrepared(connection_, name, static_cast<int>(values.size()), values.data(), nullptr,
                        nullptr, 0);
  }
  void results(int count) {
    PQflush(connection_);
    for (; count > 0; --count) {
      auto* const result = PQgetResult(connection_);
      auto const status = PQresultStatus(result);
      if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        std::fprintf(stderr, "handler_benchmark: %s", PQerrorMessage(connection_));
        std::exit(1);
      }
      PQclear(result);
      PQclear(PQgetResult(connection_));
    }
  }

  PGconn* connection_;
};

double floor_rate(PostgresServer const& server, Clock const& clock, std::string const& subscriber,
                  int workers) {
  std::vector<std::unique_ptr<Bare>> connections;
  for (int i = 0; i < workers; ++i) connections.push_back(std::make_unique<Bare>(server));
  return per_second(clock, [&] {
    std::vector<std::jthread> threads;
    for (int i = 0; i < workers; ++i) {
      threads.emplace_back([&, i] {
        for (int number = i; number < messages; number += workers) {
          connections[static_cast<std::size_t>(i)]->handle(subscriber, number);
        }
      });
    }
  });
}

struct Shape {
  char const* name;
  int workers;
  std::size_t messages_per_transaction;
  double wanted;
};

double our_rate(PostgresServer const& server, Clock& clock, std::string const& subscriber_id,
                Shape const& shape) {
  SystemRandom random;
  auto database = postgres::connect({.connection = server.connection()}, {.connections_max = 16},
                                    clock, random);
  auto const broker = embedded::in_memory_broker({.window = messages}, clock);
  broker->create_channels(std::array{std::string{channel}}, 4,
                          Deadline::after(clock, std::chrono::seconds{10}));
  auto const producer = broker->producer();
  for (int number = 0; number < messages; ++number) {
    auto const id = std::to_string(number);
    auto const value =
        record_value({.headers = {{"ID", id}, {"PARTITION_ID", id}}, .payload = text});
    [[maybe_unused]] bool const taken =
        producer->submit({channel, id, value}, static_cast<Sequence>(number) + 1);
  }
  std::atomic<int> handled{0};
  Subscription subscription{
      subscriber_id, {channel}, [&](Transaction& tx, IncomingMessage const& incoming) {
        tx.post(std::string{effect} + "?, ?)", incoming.position, incoming.message.payload);
        ++handled;
      }};
  subscription.options.messages_per_transaction = shape.messages_per_transaction;
  WorkerPool workers{static_cast<std::size_t>(shape.workers)};
  Subscriber subscriber{
      {database, *broker, workers, clock, random}, {}, std::vector<Subscription>{subscription}};
  return per_second(clock, [&] {
    std::jthread const running{[&](std::stop_token const& stop) { subscriber.run(stop); }};
    while (subscriber.status()[0].counters.handled < messages) {
      clock.pause(std::chrono::milliseconds{1});
    }
  });
}

}  // namespace

int main() {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  PostgresServer const server;
  SystemClock clock;
  SystemRandom random;
  auto database = postgres::connect({.connection = server.connection()}, {}, clock, random);
  install_schema(database, SchemaName{});
  server.sql("CREATE TABLE arrivals (number BIGINT, text TEXT)");
  for (auto const& shape : {Shape{"1 worker", 1, 1, 0.85}, Shape{"8 workers", 8, 1, 0.85},
                            Shape{"8 workers, 20 messages per transaction", 8, 20, 2}}) {
    std::vector<double> floors;
    std::vector<double> ours;
    std::vector<double> ratios;
    for (int run = 0; run < runs; ++run) {
      auto const name = std::string{shape.name} + std::to_string(run);
      floors.push_back(floor_rate(server, clock, "bare " + name, shape.workers));
      ours.push_back(our_rate(server, clock, "tram " + name, shape));
      ratios.push_back(ours.back() / floors.back());
    }
    std::printf("%s: %.0f handled messages/s; bare libpq %.0f; ratio %.2f (%.2f wanted)\n",
                shape.name, median(ours), median(floors), median(ratios), shape.wanted);
  }
}
