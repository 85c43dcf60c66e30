// How many held messages a second a subscription replays once that is asked for, beside how many
// messages a second the same handler handles as they come: on SQLite and on PostgreSQL, in turns,
// the median of three. Each message has its own key, the worst case for replays, which go from key
// to key. The broker is in memory, and all records are there before.
//
//     replay_benchmark [postgresql|sqlite [FOLDER]]    # one alone; the folder of the SQLite file

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "postgres_server.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/subscriber/held_messages.hpp"
#include "tram/subscriber/subscriber.hpp"
#include "tram/subscriber/workers.hpp"
#include "tram/wire/record.hpp"

namespace {

using namespace tram;

constexpr int messages = 5'000;
constexpr int runs = 3;
constexpr double wanted = 0.25;
constexpr char const* channel = "shipments";
std::string const text(200, 'x');

/// One subscription on a broker of its own, until its counter is at `messages`.
class Handling {
 public:
  Handling(Database& database, Clock& clock, std::string subscriber_id)
      : clock_{clock},
        database_{database},
        subscriber_id_{std::move(subscriber_id)},
        broker_{embedded::in_memory_broker({.window = messages}, clock)} {
    broker_->create_channels(std::array{std::string{channel}}, 4,
                             Deadline::after(clock, std::chrono::seconds{10}));
  }

  double handled_per_second() {
    auto const producer = broker_->producer();
    for (int number = 0; number < messages; ++number) {
      auto const id = std::to_string(number);
      auto const value =
          record_value({.headers = {{"ID", id}, {"PARTITION_ID", id}}, .payload = text});
      [[maybe_unused]] bool const taken =
          producer->submit({channel, id, value}, Sequence{static_cast<std::uint64_t>(number) + 1});
    }
    return messages / seconds_until(&SubscriptionCounters::handled);
  }

  double replayed_per_second() {
    HeldMessages const held{database_.dialect(), schema()};
    database_.transact([&](Transaction& tx) {
      for (int number = 0; number < messages; ++number) held.hold(tx, message(number));
      held.request_retry(tx, {});
    });
    return messages / seconds_until(&SubscriptionCounters::replayed);
  }

 private:
  [[nodiscard]] SchemaName schema() const { return schema_in(database_.dialect(), SchemaName{}); }
  [[nodiscard]] HeldMessage message(int number) const {
    auto const id = std::to_string(number);
    return {.key = {.subscriber_id = subscriber_id_, .channel = channel, .key = id},
            .message_id = id,
            .headers_json = R"({"ID":")" + id + R"(","PARTITION_ID":")" + id + R"("})",
            .payload = text,
            .reason = "the bank does not answer",
            .attempts = 4};
  }

  double seconds_until(std::uint64_t SubscriptionCounters::* counter) {
    SystemRandom random;
    WorkerPool workers{8};
    Subscription const subscription{
        subscriber_id_, {channel}, [](Transaction& tx, IncomingMessage const& incoming) {
          tx.post("INSERT INTO arrivals (number, text) VALUES (?, ?)", incoming.id(),
                  incoming.message.payload);
        }};
    Subscriber subscriber{
        {database_, *broker_, workers, clock_, random}, {}, std::vector{subscription}};
    auto const begun = clock_.steady();
    std::jthread const running{[&](std::stop_token const& stop) { subscriber.run(stop); }};
    while (subscriber.status()[0].counters.*counter < messages) {
      clock_.pause(std::chrono::milliseconds{1});
    }
    return std::chrono::duration<double>(clock_.steady() - begun).count();
  }

  Clock& clock_;
  Database& database_;
  std::string subscriber_id_;
  std::unique_ptr<Broker> broker_;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void compare(char const* name, Database& database, Clock& clock) {
  install_schema(database, schema_in(database.dialect(), SchemaName{}));
  database.transact(
      [](Transaction& tx) { tx.execute("CREATE TABLE arrivals (number TEXT, text TEXT)"); });
  std::vector<double> handled;
  std::vector<double> replayed;
  std::vector<double> ratios;
  for (int run = 0; run < runs; ++run) {
    auto const number = std::to_string(run);
    handled.push_back(Handling{database, clock, "handles " + number}.handled_per_second());
    replayed.push_back(Handling{database, clock, "replays " + number}.replayed_per_second());
    ratios.push_back(replayed.back() / handled.back());
  }
  std::printf("%s: %.0f replays/s; handled messages %.0f/s; ratio %.2f (%.2f wanted)\n", name,
              median(replayed), median(handled), median(ratios), wanted);
}

void on_postgres(Clock& clock) {
  testing::PostgresServer const server;
  SystemRandom random;
  auto database = postgres::connect({.connection = server.connection()}, {.connections_max = 16},
                                    clock, random);
  compare("PostgreSQL", database, clock);
}

void on_sqlite(Clock& clock, std::filesystem::path const& folder) {
  auto const file = folder / "replay_benchmark.db";
  auto const remove = [&] {
    for (auto const* end : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + end);
  };
  remove();
  {
    SystemRandom random;
    auto database =
        sqlite::connect({.path = file.string()}, {.connections_max = 16}, clock, random);
    compare("SQLite", database, clock);
  }
  remove();
}

}  // namespace

int main(int count, char** arguments) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  std::string_view const only{count > 1 ? arguments[1] : ""};
  SystemClock clock;
  if (only != "postgresql") on_sqlite(clock, count > 2 ? arguments[2] : ".");
  if (only != "sqlite") on_postgres(clock);
}
