#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "http_client.hpp"
#include "postgres_server.hpp"
#include "tram/embedded/in_memory.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/schema/schema.hpp"
#include "tram/service/service.hpp"

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
  Service service{{database, *broker, {clock, random, {}}},
                  {.name = "orders",
                   .install_schema = true,
                   .http = http::ServerOptions{.address = "127.0.0.1"},
                   .database_check_interval = std::chrono::milliseconds{20}}};
  auto const& outbox = service.outbox();
  service.relay_outbox();
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

/// As SQLite's: the outbox knows how, and the service asks it.
TEST(PostgresService, removes_old_rows_of_its_outbox_unless_they_are_to_stay) {
  PostgresServer postgres;
  SystemClock clock;
  SystemRandom random;
  auto database = postgres::connect({.connection = postgres.connection()}, {.connections_max = 12},
                                    clock, random);
  auto const broker = embedded::in_memory_broker({}, clock);
  auto const rows_after_a_run = [&](std::optional<std::chrono::milliseconds> age,
                                    std::function<bool(Service const&)> const& enough) {
    Service service{{database, *broker, {clock, random, {}}},
                    {.name = "orders",
                     .install_schema = true,
                     .http = http::ServerOptions{.address = "127.0.0.1"}}};
    service.relay_outbox(
        {.outbox_age = age, .options = {.retention_interval = std::chrono::milliseconds{20}}});
    std::jthread running{[&](std::stop_token const& stop) { EXPECT_EQ(service.run(stop), 0); }};
    EXPECT_TRUE(eventually([&] { return service.is_running(); }));
    database.transact([&](Transaction& tx) {
      service.outbox().send(tx, "orders", Message{.headers = {}, .payload = "{}"});
    });
    EXPECT_TRUE(eventually([&] { return enough(service); }));
    running.request_stop();
    running.join();
    return postgres.sql("SELECT count(*) FROM eventuate.message");
  };
  auto const metrics = [](Service const& service) {
    return http::ask(service.http_port(), "GET /metrics");
  };
  EXPECT_EQ(rows_after_a_run(std::nullopt,
                             [&](auto const& service) {
                               return metrics(service).find(
                                          "tram_relay_rows_published_total{relay=\"relay\"} 1") !=
                                      std::string::npos;
                             }),
            "1");
  EXPECT_EQ(rows_after_a_run(std::chrono::milliseconds{1},
                             [&](auto const&) {
                               return postgres.sql("SELECT count(*) FROM eventuate.message") == "0";
                             }),
            "0");
}

}  // namespace
}  // namespace tram::testing
