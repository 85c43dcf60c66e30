// How fast the change source reads a backlog from PostgreSQL's log, beside a reader that only
// counts rows: the floor. Both over TCP and with the same pause after each read that returned rows,
// on copies of one slot, in turns; the median of five. Prints rows per second, processor time of
// the reader per row, and the ratio.

#include <libpq-fe.h>
#include <poll.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "postgres_server.hpp"
#include "tram/base/clock.hpp"
#include "tram/postgres/change_source.hpp"

namespace {

using namespace std::chrono_literals;
using tram::testing::PostgresServer;

constexpr std::size_t rows = 100'000;
constexpr int runs = 5;
constexpr tram::Duration pause = 500us;

struct Figures {
  double rows_per_second{};
  double microseconds_per_row{};
};

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

Figures measure(tram::Clock& clock, std::function<void()> const& drain) {
  auto const begun = clock.steady();
  auto const processor_before = processor_seconds();
  drain();
  auto const seconds = std::chrono::duration<double>(clock.steady() - begun).count();
  return {.rows_per_second = static_cast<double>(rows) / seconds,
          .microseconds_per_row =
              (processor_seconds() - processor_before) * 1e6 / static_cast<double>(rows)};
}

void wait_readable(int socket) {
  pollfd waiting{.fd = socket, .events = POLLIN, .revents = 0};
  ::poll(&waiting, 1, 1000);
}

void drain_raw(PostgresServer const& server, std::string const& slot, tram::Clock& clock) {
  auto* const connection = PQconnectdb((server.connection() + " replication=database").c_str());
  PQclear(PQexec(connection, ("START_REPLICATION SLOT " + slot +
                              " LOGICAL 0/0 (proto_version '1', publication_names 'tram')")
                                 .c_str()));
  std::size_t seen = 0;
  while (seen < rows) {
    wait_readable(PQsocket(connection));
    PQconsumeInput(connection);
    char* bytes = nullptr;
    bool any = false;
    for (int length = 0; (length = PQgetCopyData(connection, &bytes, 1)) > 0; PQfreemem(bytes)) {
      any = true;
      if (length > 25 && bytes[0] == 'w' && bytes[25] == 'I') ++seen;
    }
    if (any) clock.pause(pause);
  }
  PQfinish(connection);
}

void drain_source(PostgresServer const& server, std::string const& slot, tram::Clock& clock) {
  auto const source = tram::postgres::change_source(
      {.connection = server.connection(), .slot = slot, .new_slot = tram::NewSlot::refuse}, clock);
  std::size_t seen = 0;
  while (seen < rows) {
    auto const batch = source->read(1000);
    seen += batch.rows.size();
    if (!batch.rows.empty()) {
      if (batch.rows.back().ends_at) source->confirm(*batch.rows.back().ends_at);
      if (batch.rows.size() < 1000) clock.pause(pause);
    } else {
      wait_readable(source->descriptor());
    }
  }
}

Figures median(std::vector<Figures> all) {
  auto const by = [](double Figures::* member) {
    return [member](Figures const& a, Figures const& b) { return a.*member < b.*member; };
  };
  auto const middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  Figures result;
  std::nth_element(all.begin(), middle, all.end(), by(&Figures::rows_per_second));
  result.rows_per_second = middle->rows_per_second;
  std::nth_element(all.begin(), middle, all.end(), by(&Figures::microseconds_per_row));
  result.microseconds_per_row = middle->microseconds_per_row;
  return result;
}

Figures on_copy(PostgresServer const& server, tram::Clock& clock,
                std::function<void(std::string const&)> const& drain) {
  server.sql("SELECT pg_copy_logical_replication_slot('origin', 'copy')");
  auto const figures = measure(clock, [&] { drain("copy"); });
  tram::testing::eventually([&] {
    return server.sql("SELECT active FROM pg_replication_slots WHERE slot_name = 'copy'") == "f";
  });
  server.sql("SELECT pg_drop_replication_slot('copy')");
  return figures;
}

void compare(char const* shape, std::size_t rows_per_transaction) {
  PostgresServer const server;
  tram::SystemClock clock;
  server.sql("CREATE SCHEMA eventuate; CREATE TABLE eventuate.message (id VARCHAR(1000) PRIMARY "
             "KEY, destination TEXT NOT NULL, headers TEXT "
             "NOT NULL, payload TEXT NOT NULL, published SMALLINT DEFAULT 0, message_partition "
             "SMALLINT, creation_time BIGINT); "
             "CREATE PUBLICATION tram FOR TABLE eventuate.message WITH (publish = 'insert')");
  server.sql("SELECT pg_create_logical_replication_slot('origin', 'pgoutput')");
  server.sql("DO $$ BEGIN FOR i IN 1.." + std::to_string(rows) +
             " LOOP INSERT INTO eventuate.message VALUES ('0000018bcfe56800-' || lpad(i::text, 16, "
             "'0'), 'example.Order.events', "
             "'{\"PARTITION_ID\":\"' || i % 1000 || '\",\"DATE\":\"Tue, 14 Nov 2023 22:13:20 "
             "GMT\",\"event-type\":\"example.OrderPlaced\","
             "\"event-aggregate-type\":\"example.Order\",\"event-aggregate-id\":\"4711\","
             "\"DESTINATION\":\"example.Order.events\","
             "\"ID\":\"0000018bcfe56800-0242ac1100800000\"}', repeat('x', 100), 0, NULL, "
             "1700000000000); IF i % " +
             std::to_string(rows_per_transaction) + " = 0 THEN COMMIT; END IF; END LOOP; END $$");
  std::vector<Figures> floor;
  std::vector<Figures> ours;
  for (int run = 0; run < runs; ++run) {
    floor.push_back(
        on_copy(server, clock, [&](std::string const& slot) { drain_raw(server, slot, clock); }));
    ours.push_back(on_copy(server, clock,
                           [&](std::string const& slot) { drain_source(server, slot, clock); }));
  }
  auto const a = median(floor);
  auto const b = median(ours);
  std::printf(
      "%-24s floor %8.0f rows/s %5.2f us/row   source %8.0f rows/s %5.2f us/row   ratio %.2f\n",
      shape, a.rows_per_second, a.microseconds_per_row, b.rows_per_second, b.microseconds_per_row,
      b.rows_per_second / a.rows_per_second);
}

}  // namespace

int main() {
  compare("1 row per transaction", 1);
  compare("100 rows per transaction", 100);
  return 0;
}
