// How long it takes to send 100 messages on PostgreSQL: in a transaction each, one by one in a
// transaction, and in one call. The first two are what `send_all` is compared with.

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "postgres_server.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/schema/schema.hpp"
#include "tram/wire/id_generator.hpp"

namespace {

using namespace tram;

constexpr int messages = 100;
constexpr int runs = 41;

struct ParcelSent {
  int number{};
  std::string carrier;
};

OutgoingMessage parcel(int number) {
  return outgoing("parcels", ParcelSent{number, "Hermes"},
                  {.partition_key = std::to_string(number)});
}

double median_ms(Clock const& clock, std::function<void()> const& work) {
  std::vector<double> times;
  for (int run = 0; run < runs; ++run) {
    auto const began = clock.steady();
    work();
    times.push_back(std::chrono::duration<double, std::milli>{clock.steady() - began}.count());
  }
  std::ranges::sort(times);
  return times[times.size() / 2];
}

}  // namespace

int main() {
  testing::PostgresServer const server;
  SystemClock clock;
  SystemRandom random;
  auto database = postgres::connect({.connection = server.connection()}, {}, clock, random);
  install_schema(database, SchemaName{});
  IdGenerator ids{clock, MachineNumber::choose(std::nullopt, random)};
  auto const outbox = Outbox::of(database, ids, random);
  auto const send_one = [&](Transaction& tx, int number) {
    auto const one = parcel(number);
    outbox.send(tx, one.channel, one.message, one.options);
  };
  auto const each = median_ms(clock, [&] {
    for (int number = 0; number < messages; ++number)
      database.transact([&](Transaction& tx) { send_one(tx, number); });
  });
  auto const one_by_one = median_ms(clock, [&] {
    database.transact([&](Transaction& tx) {
      for (int number = 0; number < messages; ++number) send_one(tx, number);
    });
  });
  auto const in_one_call = median_ms(clock, [&] {
    database.transact([&](Transaction& tx) {
      std::vector<OutgoingMessage> all;
      for (int number = 0; number < messages; ++number) all.push_back(parcel(number));
      outbox.send_all(tx, std::move(all));
    });
  });
  std::printf("100 messages in a transaction each: %.2f ms\n", each);
  std::printf("100 messages one by one in a transaction: %.2f ms\n", one_by_one);
  std::printf(
      "100 messages in one call: %.2f ms; %.1f times as fast as each, %.1f times as fast as "
      "one by one\n",
      in_one_call, each / in_one_call, one_by_one / in_one_call);
}
