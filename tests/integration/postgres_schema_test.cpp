#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <thread>
#include <vector>

#include "postgres_server.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/outbox_check.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/postgres/takeover.hpp"
#include "tram/relay/held_row_admin.hpp"
#include "tram/relay/sql_held_row_store.hpp"
#include "tram/schema/schema.hpp"
#include "tram/storage/outbox_table.hpp"

namespace tram::testing {
namespace {

using State = SchemaStatus::State;

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

class PostgresSchema : public ::testing::Test {
 protected:
  PostgresSchema() {
    server().sql("DROP SCHEMA IF EXISTS eventuate CASCADE; DROP SCHEMA public CASCADE; CREATE "
                 "SCHEMA public");
  }

  SystemClock clock_;
  SystemRandom random_;
  Database database_{postgres::connect({.connection = server().connection()}, {}, clock_, random_)};
  SchemaName schema_;
};

TEST_F(PostgresSchema, is_installed_into_the_schema_that_is_configured) {
  for (auto const& schema : {SchemaName{}, SchemaName{"custom"}, SchemaName::none()}) {
    EXPECT_EQ(schema_status(database_, schema).state, State::absent);
    install_schema(database_, schema);
    install_schema(database_, schema);
    auto const status = schema_status(database_, schema);
    EXPECT_EQ(status.state, State::current)
        << (status.findings.empty() ? "" : status.findings.front());
    require_schema(database_, schema);
    EXPECT_EQ(probe_outbox_table(database_, schema).headers_type, "text");
  }
  server().sql("DROP SCHEMA custom CASCADE");
}

TEST_F(PostgresSchema, has_further_tables_made_by_one_process_at_a_time) {
  std::atomic<int> made{0};
  for (int round = 0; round < 10; ++round) {
    auto const statement = "CREATE TABLE IF NOT EXISTS round_" + std::to_string(round) +
                           " (id BIGINT PRIMARY KEY, text TEXT)";
    std::latch start{8};
    std::vector<std::jthread> processes;
    for (int process = 0; process < 8; ++process) {
      processes.emplace_back([&] {
        start.arrive_and_wait();
        EXPECT_NO_THROW(make_tables(database_, [&](Transaction& tx) { tx.execute(statement); }));
        ++made;
      });
    }
  }
  EXPECT_EQ(made, 80);
}

// Names stand without quotes, as in the Java platform.
TEST_F(PostgresSchema, with_capitals_in_its_name_is_the_one_in_lower_case) {
  SchemaName const capital{"Eventuate"};
  install_schema(database_, capital);
  EXPECT_EQ(schema_status(database_, SchemaName{"eventuate"}).state, State::current);
  EXPECT_EQ(schema_status(database_, capital).state, State::current);
  require_schema(database_, capital);
  auto source = postgres::change_source(
      {.connection = server().connection(), .schema = capital, .slot = "capitals"}, clock_);
  source->read(10);
  server().sql("INSERT INTO eventuate.message (id, destination, headers, payload) VALUES "
               "('1', 'd', '{}', '{}')");
  EXPECT_TRUE(eventually([&] { return !source->read(10).rows.empty(); }));
  source.reset();
  forget_outbox(server());
}

// One that was made with quotes is never reached, and a second one beside it would hide that.
TEST_F(PostgresSchema, that_was_made_with_capitals_is_told_and_not_passed_over) {
  SchemaName const capital{"Sales"};
  constexpr std::string_view remedy =
      "schema Sales is read in lower case, since names stand without quotes, as in the Java "
      "platform; the database has a schema with these capitals: run ALTER SCHEMA \"Sales\" RENAME "
      "TO Sales, or name another";
  server().sql("CREATE SCHEMA \"Sales\"; CREATE TABLE \"Sales\".message (id text, destination "
               "text, headers text, payload text)");
  auto const tells = [&](auto const& call) {
    try {
      call();
      ADD_FAILURE();
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      EXPECT_NE(std::string_view{error.what()}.find(remedy), std::string_view::npos)
          << error.what();
    }
  };
  tells([&] { install_schema(database_, capital); });
  tells([&] { require_schema(database_, capital); });
  tells([&] { probe_outbox_table(database_, capital); });
  postgres::ChangeSourceConfig const config{.connection = server().connection(), .schema = capital};
  tells([&] { postgres::change_source(config, clock_)->read(1); });
  server().sql("SELECT pg_create_logical_replication_slot('eventuate_slot', 'test_decoding')");
  tells([&] {
    postgres::takeover_prepare({.connection = server().connection(), .schema = capital}, clock_);
  });
  auto const findings = postgres::check_outbox(config, clock_, random_);
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(), [&](Finding const& finding) {
    return !finding.good && finding.text.find(remedy) != std::string::npos;
  }));
  EXPECT_EQ(server().sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'sales'"), "0");
  server().sql("ALTER SCHEMA \"Sales\" RENAME TO sales");
  EXPECT_EQ(probe_outbox_table(database_, capital).payload_type, "text");
  server().sql("DROP SCHEMA sales CASCADE");
  forget_outbox(server());
}

TEST_F(PostgresSchema, is_installed_once_by_services_that_start_together) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&] { install_schema(database_, schema_); });
  threads.clear();
  EXPECT_EQ(server().sql("SELECT count(*) FROM eventuate.tram_schema"), "1");
}

TEST_F(PostgresSchema, goes_beside_the_tables_of_the_java_platform_and_alters_none) {
  server().sql("CREATE SCHEMA eventuate; CREATE TABLE eventuate.message (dbid BIGSERIAL PRIMARY "
               "KEY, id VARCHAR(1000), "
               "destination TEXT NOT NULL, headers JSON NOT NULL, payload JSON NOT NULL, published "
               "SMALLINT DEFAULT 0, "
               "message_partition SMALLINT, creation_time BIGINT)");
  install_schema(database_, schema_);
  require_schema(database_, schema_);
  EXPECT_EQ(server().sql("SELECT count(*) FROM pg_indexes WHERE schemaname = 'eventuate' AND "
                         "tablename = 'message'"),
            "1");
  EXPECT_EQ(probe_outbox_table(database_, schema_).headers_type, "json");
}

TEST_F(PostgresSchema, refuses_a_table_of_somebody_else) {
  server().sql("CREATE SCHEMA eventuate; CREATE TABLE eventuate.message (id BIGINT, text TEXT)");
  EXPECT_EQ(schema_status(database_, schema_).state, State::foreign);
  EXPECT_THROW(install_schema(database_, schema_), Error);
  EXPECT_EQ(server().sql("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'tram%'"), "0");
}

TEST_F(PostgresSchema, names_held_rows_by_slot_and_table) {
  SystemClock clock;
  auto const name = [&](std::string const& table, std::string const& slot) {
    return postgres::change_source(
               {.connection = server().connection(), .table = table, .slot = slot}, clock)
        ->held_rows_name();
  };
  EXPECT_EQ(name("message", "tram"), "relay");
  EXPECT_EQ(name("message", "relay"), "slot:relay");
  EXPECT_EQ(name("message1", "tram1"), "slot:tram1:message1");
}

TEST_F(PostgresSchema, holds_the_rows_that_a_relay_cannot_publish) {
  install_schema(database_, schema_);
  SystemClock clock;
  auto const source = postgres::change_source({.connection = server().connection()}, clock);
  SqlHeldRowStore held{database_, schema_, *source};
  auto const row = [](std::string const& id, std::optional<std::string> payload) {
    return OutboxRow{.id = id,
                     .database_id = std::nullopt,
                     .destination = "orders",
                     .headers = "{}",
                     .payload = std::move(payload),
                     .ends_at = std::nullopt};
  };
  std::vector<HeldRow> const rows{
      {.row = row("1", std::nullopt), .key = "k", .reason = "no payload"},
      {.row = row("2", "p"), .key = "k", .reason = "waits", .cause = HeldCause::key_held}};
  held.store(rows);
  held.store(rows);
  EXPECT_EQ(held.summary().rows, 2U);
  EXPECT_EQ(held.summary().keys, (std::set<HeldRowKey>{{"orders", "k"}}));
  EXPECT_TRUE(held.replayable(10, ReplayOrder::by_key).empty());
  HeldRowAdmin const list{database_.dialect(), schema_};
  EXPECT_EQ(database_.transact([&](Transaction& tx) {
    return list.request_retry(tx, {.relay = "relay", .row_id = "2"});
  }),
            2U);
  auto const first = held.replayable(10, ReplayOrder::by_key);
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].row.payload, std::nullopt);
  held.settle({.published = {first[0].id}, .refused = {}});
  auto const second = held.replayable(10, ReplayOrder::by_key);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].row.payload, "p");
  held.settle({.published = {}, .refused = {{.id = second[0].id, .reason = "too large"}}});
  EXPECT_TRUE(held.replayable(10, ReplayOrder::by_key).empty());
}

}  // namespace
}  // namespace tram::testing
