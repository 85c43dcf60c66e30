#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>

#include "http_client.hpp"
#include "postgres_server.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/service/service.hpp"
#include "tram/storage/schema.hpp"

namespace tram::testing {
namespace {

/// A whole service, as the guide has it, on a PostgreSQL that is not there yet.
TEST(PostgresService, waits_for_a_database_that_is_down_at_first_then_makes_its_tables) {
  PostgresServer postgres;
  postgres.stop("fast");
  SystemClock clock;
  SystemRandom random;
  auto database = postgres::connect({.connection = postgres.connection()}, {.connections_max = 12},
                                    clock, random);
  auto const broker = embedded::in_memory_broker({}, clock);
  Service service{{.database = database, .broker = *broker, .clock = clock, .random = random},
                  {.name = "orders",
                   .install_schema = true,
                   .http = http::ServerOptions{.address = "127.0.0.1"},
                   .database_check_interval = std::chrono::milliseconds{20}}};
  auto const& outbox = service.outbox();
  service.relay({.source = postgres::change_source({.connection = postgres.connection()}, clock)});
  std::atomic<int> handled{0};
  service.add({.subscriber_id = "view",
               .channels = {"orders"},
               .handler = [&](Transaction&, IncomingMessage const&) { ++handled; }});
  int status = -1;
  std::jthread running{[&](std::stop_token const& stop) { status = service.run(stop); }};
  auto const answer = [&](std::string const& path) {
    return service.http_port() == 0 ? "" : http::ask(service.http_port(), "GET " + path);
  };
  EXPECT_TRUE(eventually([&] { return answer("/health/live").starts_with("HTTP/1.1 200"); }));
  EXPECT_TRUE(answer("/health/ready").starts_with("HTTP/1.1 503"));
  postgres.start();
  EXPECT_TRUE(eventually([&] { return service.is_running(); })) << answer("/health/ready");
  database.transact(
      [&](Transaction& tx) { outbox.send(tx, "orders", Message{.headers = {}, .payload = "{}"}); });
  EXPECT_TRUE(eventually([&] { return handled == 1; })) << answer("/health/ready");
  running.request_stop();
  running.join();
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace tram::testing
