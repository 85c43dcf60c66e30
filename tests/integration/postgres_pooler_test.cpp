#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <memory>
#include <thread>
#include <vector>

#include "pooler.hpp"
#include "postgres_server.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/outbox_check.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/schema/schema.hpp"
#include "tram/subscriber/inbox.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;

TransactOptions const patient{.timeout = 20s, .attempts_max = 1000};

class PostgresPooler : public ::testing::Test {
 protected:
  Database database(postgres::Statements statements) {
    auto result = postgres::connect({.connection = pooler_.connection(), .statements = statements},
                                    {}, clock_, random_);
    // Until the pooler answers.
    result.transact(patient, [](Transaction& tx) { tx.execute("SELECT 1"); });
    return result;
  }

  void SetUp() override {
    for (std::string const table : {"a", "b", "t"})
      server_.sql("CREATE TABLE " + table + " (worker int, number int)");
  }

  PostgresServer server_;
  Pooler pooler_{server_};
  SystemClock clock_;
  SystemRandom random_;
};

TEST_F(PostgresPooler, serves_unnamed_statements_of_more_connections_than_it_has) {
  auto database = this->database(postgres::Statements::unnamed);
  install_schema(database, SchemaName{});
  Inbox const inbox{database.dialect(), SchemaName{}};
  {
    std::vector<std::jthread> threads;
    for (int worker = 0; worker < 8; ++worker) {
      threads.emplace_back([&, worker] {
        for (int number = 0; number < 50; ++number) {
          database.transact([&](Transaction& tx) {
            auto const id = std::to_string(worker) + "-" + std::to_string(number / 2);
            if (!inbox.receive(tx, "pooled", id)) return;
            tx.post("INSERT INTO t VALUES (?, ?)", worker, number);
          });
        }
      });
    }
  }
  EXPECT_EQ(server_.sql("SELECT count(*) FROM t"), "200");
  EXPECT_EQ(server_.sql("SELECT count(*) FROM eventuate.received_messages"), "200");
}

TEST_F(PostgresPooler, that_nobody_mentioned_is_noticed_and_keeps_nothing_of_ours) {
  auto database = this->database(postgres::Statements::prepared);
  for (int i = 0; i < 4; ++i) {
    database.transact([](Transaction& tx) {
      EXPECT_EQ(tx.execute("SELECT count(*) FROM pg_prepared_statements")[0].get<int>(0), 0);
      EXPECT_EQ(tx.execute("SHOW idle_in_transaction_session_timeout")[0].get<std::string>(0),
                "31s");
    });
  }
  std::unique_ptr<PGconn, void (*)(PGconn*)> const other{PQconnectdb(pooler_.connection().c_str()),
                                                         PQfinish};
  for (auto const* const setting : {"statement_timeout", "idle_in_transaction_session_timeout",
                                    "client_connection_check_interval"}) {
    std::unique_ptr<PGresult, void (*)(PGresult*)> const shown{
        PQexec(other.get(), ("SHOW " + std::string{setting}).c_str()), PQclear};
    EXPECT_STREQ(PQgetvalue(shown.get(), 0, 0), "0") << setting;
  }
}

TEST_F(PostgresPooler, is_believed_when_it_ends_a_connection_by_itself) {
  Pooler const strict{server_, "query_timeout = 1\n"};
  auto database = postgres::connect({.connection = strict.connection()}, {}, clock_, random_);
  database.transact(patient, [](Transaction& tx) { tx.execute("SELECT 1"); });
  try {
    database.transact({.timeout = 20s, .attempts_max = 1}, [](Transaction& tx) {
      tx.execute("INSERT INTO t VALUES (1, 1)");
      tx.execute("SELECT pg_sleep(30)");
    });
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::broken);
    EXPECT_NE(std::string_view{error.what()}.find("query timeout (SQLSTATE 08P01)"),
              std::string_view::npos)
        << error.what();
  }
  EXPECT_EQ(server_.sql("SELECT count(*) FROM t"), "0");
}

// Two services share the pooler's connections, and so find the statements of the other there.
TEST_F(PostgresPooler, that_loses_prepared_statements_is_noticed_and_serves_as_well) {
  std::vector<std::jthread> threads;
  for (int worker = 0; worker < 8; ++worker) {
    threads.emplace_back([&, worker] {
      auto database = this->database(postgres::Statements::prepared);
      std::string const table = worker % 2 == 0 ? "a" : "b";
      for (int number = 0; number < 30; ++number) {
        database.transact(patient, [&](Transaction& tx) {
          auto const found =
              tx.execute("SELECT count(*) FROM " + table + " WHERE worker = ?", worker);
          EXPECT_EQ(found[0].get<int>(0), number);
          tx.post("INSERT INTO " + table + " VALUES (?, ?)", worker, number);
        });
      }
    });
  }
  threads.clear();
  EXPECT_EQ(server_.sql("SELECT count(*) FROM a"), "120");
  EXPECT_EQ(server_.sql("SELECT count(*) FROM b"), "120");
}

TEST_F(PostgresPooler, passes_no_log_to_a_relay_and_is_named_by_it_and_by_the_check) {
  server_.sql("CREATE SCHEMA eventuate; CREATE TABLE eventuate.message (id text PRIMARY KEY, "
              "destination text, headers text, payload text, published smallint DEFAULT 0)");
  postgres::ChangeSourceConfig const config{.connection = pooler_.connection()};
  std::string wrong;
  for (auto const& finding : postgres::check_outbox(config, clock_, random_)) {
    if (!finding.good) wrong += finding.subject + ": " + finding.text;
  }
  EXPECT_NE(wrong.find("through a pooler"), std::string::npos) << wrong;
  auto const source = postgres::change_source(config, clock_);
  try {
    source->read(1);
    FAIL() << "a pooler passed the log on";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_NE(std::string{error.what()}.find("give the relay the server's own address"),
              std::string::npos)
        << error.what();
  }
}

// Without a pooler, so that the moment is known.
TEST_F(PostgresPooler, that_loses_statements_costs_one_run_and_then_their_names) {
  auto database = postgres::connect({.connection = server_.connection()}, {.connections_max = 1},
                                    clock_, random_);
  int runs = 0;
  auto const count = [&] {
    return database.transact([&](Transaction& tx) {
      ++runs;
      return tx.execute("SELECT count(*) FROM pg_prepared_statements")[0].get<int>(0);
    });
  };
  for (int i = 0; i < 4; ++i) count();
  EXPECT_GT(count(), 0);
  database.transact(
      [](Transaction& tx) { tx.execute("DO 'BEGIN EXECUTE ''DEALLOCATE ALL''; END'"); });
  runs = 0;
  for (int i = 0; i < 4; ++i) EXPECT_EQ(count(), 0);
  EXPECT_LE(runs, 5);
}

}  // namespace
}  // namespace tram::testing
