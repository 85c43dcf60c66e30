// How many messages a second a subscription handles on a real PostgreSQL, beside a bare libpq loop
// with the same statements in the same round trips on as many connections: the floor. In turns, the
// median of three; with one worker, with eight, and with eight that take several messages in one
// transaction. The broker is in memory, and all records are there before. Beside the rates stands
// what a message costs of the processors, here and in the server: that says most where cores are
// few.
//
//     handler_benchmark [SHAPE [tram|bare]]    # 1, 8 or 20; one side alone, for a profiler

#include <libpq-fe.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "postgres_server.hpp"
#include "tram/broker/position_numbers.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/schema/schema.hpp"
#include "tram/subscriber/subscriber.hpp"
#include "tram/subscriber/workers.hpp"
#include "tram/wire/record.hpp"

namespace {

using namespace tram;
using testing::PostgresServer;

constexpr int messages = 20'000;
constexpr int runs = 3;
constexpr char const* channel = "shipments";
constexpr char const* effect = "INSERT INTO arrivals (number, text) VALUES (";
std::string const text(200, 'x');

/// Of one run.
struct Figures {
  double per_second{};
  /// Microseconds of a processor per message: of this process, of the server's.
  double here{};
  double server{};
};

double median_of(std::vector<Figures> figures, double Figures::* figure) {
  std::ranges::sort(figures, {}, figure);
  return figures[figures.size() / 2].*figure;
}

double own_microseconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  auto const seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
  return 1e6 * static_cast<double>(seconds) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/// Of the postmaster, of those it had and of those it has.
double server_microseconds(PostgresServer const& server) {
  std::string postmaster;
  std::ifstream{server.folder() + "/data/postmaster.pid"} >> postmaster;
  double ticks = 0;
  for (auto const& entry : std::filesystem::directory_iterator{"/proc"}) {
    auto const pid = entry.path().filename().string();
    if (std::isdigit(static_cast<unsigned char>(pid.front())) == 0) continue;
    std::ifstream file{entry.path() / "stat"};
    std::string line;
    std::getline(file, line);
    auto const end_of_name = line.rfind(')');
    if (end_of_name == std::string::npos) continue;
    std::istringstream rest{line.substr(end_of_name + 1)};
    std::vector<std::string> const fields{std::istream_iterator<std::string>{rest}, {}};
    // proc(5), counted from the field behind the name.
    constexpr std::size_t parent = 1;
    constexpr std::size_t user = 11;
    bool const is_postmaster = pid == postmaster;
    if (!is_postmaster && fields.at(parent) != postmaster) continue;
    for (std::size_t i = 0; i < (is_postmaster ? 4U : 2U); ++i)
      ticks += std::stod(fields[user + i]);
  }
  return 1e6 * ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Figures measure(PostgresServer const& server, Clock const& clock,
                std::function<void()> const& work) {
  auto const here = own_microseconds();
  auto const there = server_microseconds(server);
  auto const begun = clock.steady();
  work();
  auto const seconds = std::chrono::duration<double>(clock.steady() - begun).count();
  return {.per_second = messages / seconds,
          .here = (own_microseconds() - here) / messages,
          .server = (server_microseconds(server) - there) / messages};
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

Figures bare(PostgresServer const& server, Clock const& clock, std::string const& subscriber,
             int workers) {
  std::vector<std::unique_ptr<Bare>> connections;
  for (int i = 0; i < workers; ++i) connections.push_back(std::make_unique<Bare>(server));
  return measure(server, clock, [&] {
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
  char const* key;
  char const* name;
  int workers;
  std::size_t messages_per_transaction;
  double wanted;
};

Figures tram_itself(PostgresServer const& server, Clock& clock, std::string const& subscriber_id,
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
        producer->submit({channel, id, value}, Sequence{static_cast<std::uint64_t>(number) + 1});
  }
  std::atomic<int> handled{0};
  Subscription subscription{
      subscriber_id, {channel}, [&](Transaction& tx, IncomingMessage const& incoming) {
        tx.post(std::string{effect} + "?, ?)", numbers_of(incoming.position).first,
                incoming.message.payload);
        ++handled;
      }};
  subscription.options.messages_per_transaction = shape.messages_per_transaction;
  WorkerPool workers{static_cast<std::size_t>(shape.workers)};
  Subscriber subscriber{
      {database, *broker, workers, clock, random}, {}, std::vector<Subscription>{subscription}};
  return measure(server, clock, [&] {
    std::jthread const running{[&](std::stop_token const& stop) { subscriber.run(stop); }};
    while (subscriber.status()[0].counters.handled < messages) {
      clock.pause(std::chrono::milliseconds{1});
    }
  });
}

}  // namespace

int main(int count, char** arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::string_view const only_shape{count > 1 ? arguments[1] : ""};
  std::string_view const only_side{count > 2 ? arguments[2] : ""};
  PostgresServer const server;
  SystemClock clock;
  SystemRandom random;
  auto database = postgres::connect({.connection = server.connection()}, {}, clock, random);
  install_schema(database, SchemaName{});
  server.sql("CREATE TABLE arrivals (number BIGINT, text TEXT)");
  for (auto const& shape : {Shape{"1", "1 worker", 1, 1, 0.85}, Shape{"8", "8 workers", 8, 1, 0.85},
                            Shape{"20", "8 workers, 20 messages per transaction", 8, 20, 2}}) {
    if (!only_shape.empty() && only_shape != shape.key) continue;
    std::vector<Figures> floors;
    std::vector<Figures> ours;
    std::vector<double> ratios;
    for (int run = 0; run < runs; ++run) {
      auto const name = std::string{shape.name} + std::to_string(run);
      floors.push_back(only_side == "tram" ? Figures{}
                                           : bare(server, clock, "bare " + name, shape.workers));
      ours.push_back(only_side == "bare" ? Figures{}
                                         : tram_itself(server, clock, "tram " + name, shape));
      ratios.push_back(ours.back().per_second / floors.back().per_second);
    }
    std::ranges::sort(ratios);
    std::printf("%s: %.0f handled messages/s; bare libpq %.0f; ratio %.2f (%.2f wanted)\n",
                shape.name, median_of(ours, &Figures::per_second),
                median_of(floors, &Figures::per_second), ratios[ratios.size() / 2], shape.wanted);
    std::printf("  us of a processor per message: here %.1f, server %.1f; bare: here %.1f, server "
                "%.1f\n",
                median_of(ours, &Figures::here), median_of(ours, &Figures::server),
                median_of(floors, &Figures::here), median_of(floors, &Figures::server));
  }
}
