#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "postgres_server.hpp"
#include "tcp_proxy.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/storage/outbox_table.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

class PostgresDatabase : public ::testing::Test {
 protected:
  PostgresDatabase() {
    server().sql("DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, name text); DROP "
                 "SCHEMA IF EXISTS eventuate CASCADE; "
                 "CREATE SCHEMA eventuate; DROP TABLE IF EXISTS message");
  }
  static std::string count() { return server().sql("SELECT count(*) FROM t"); }

  SystemClock clock_;
  SystemRandom random_;
  Database database_{postgres::connect({.connection = server().connection()}, {}, clock_, random_)};
};

TEST_F(PostgresDatabase, works_on_after_the_server_was_restarted) {
  auto const insert = [&](int id) {
    database_.transact([&](Transaction& tx) { tx.execute("INSERT INTO t VALUES (?, 'a')", id); });
  };
  insert(1);
  server().stop("fast");
  server().start();
  insert(2);
  EXPECT_EQ(count(), "2");
}

TEST_F(PostgresDatabase, works_on_after_the_answer_to_a_commit_was_lost) {
  TcpProxy proxy{server().port()};
  auto database =
      postgres::connect({.connection = "host=127.0.0.1 user=postgres dbname=postgres port=" +
                                       std::to_string(proxy.port())},
                        {.connections_max = 1}, clock_, random_);
  auto lost = std::async(std::launch::async, [&] {
    database.transact([&](Transaction& tx) {
      tx.execute("INSERT INTO t VALUES (1, 'a')");
      proxy.withhold_answers(1);
    });
  });
  while (count() != "1") std::this_thread::yield();
  proxy.cut();
  proxy.withhold_answers(0);
  EXPECT_NO_THROW(lost.get());
  database.transact([](Transaction& tx) { tx.execute("INSERT INTO t VALUES (2, 'a')"); });
  EXPECT_EQ(count(), "2");
}

TEST_F(PostgresDatabase, waits_for_a_server_that_is_starting) {
  server().stop("fast");
  std::jthread starting{[] { server().start(); }};
  database_.transact({.timeout = 20s, .attempts_max = 1000},
                     [](Transaction& tx) { tx.execute("INSERT INTO t VALUES (1, 'a')"); });
  EXPECT_EQ(count(), "1");
}

TEST_F(PostgresDatabase, goes_on_when_a_table_changes_under_prepared_statements) {
  auto const columns = [&] {
    return database_.transact(
        [](Transaction& tx) { return tx.execute("SELECT * FROM t")[0].columns(); });
  };
  server().sql("INSERT INTO t VALUES (1, 'a')");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(columns(), 2U);
  server().sql("ALTER TABLE t ADD COLUMN more int");
  EXPECT_EQ(columns(), 3U);
}

TEST_F(PostgresDatabase, a_savepoint_keeps_what_was_before_it) {
  database_.transact([](Transaction& tx) {
    tx.post("INSERT INTO t VALUES (1, 'inbox')");
    EXPECT_THROW(tx.with_savepoint([&] {
      tx.post("INSERT INTO t VALUES (2, 'business')");
      tx.post("INSERT INTO t VALUES (1, 'twice')");
    }),
                 Error);
    tx.post("INSERT INTO t VALUES (3, 'reply')");
  });
  EXPECT_EQ(server().sql("SELECT string_agg(name, ',' ORDER BY id) FROM t"), "inbox,reply");
}

TEST_F(PostgresDatabase, many_threads_count_to_the_same_number) {
  server().sql("INSERT INTO t VALUES (1, '0')");
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          database_.transact([](Transaction& tx) {
            auto const name =
                tx.execute("SELECT name FROM t WHERE id = 1 FOR UPDATE")[0].get<int>(0);
            tx.post("UPDATE t SET name = ? WHERE id = 1", std::to_string(name + 1));
          });
        }
      });
    }
  }
  EXPECT_EQ(server().sql("SELECT name FROM t"), "200");
}

TEST_F(PostgresDatabase, tells_the_first_error_of_many_statements_that_nobody_waited_for) {
  server().sql("TRUNCATE t");
  auto const post = [&](int count, int repeated) {
    database_.transact([&](Transaction& tx) {
      for (int i = 0; i < count; ++i)
        tx.post("INSERT INTO t VALUES (?, ?)", i < repeated ? i : i - 1, std::string(1000, 'x'));
    });
  };
  for (int const repeated : {1, 4, 25, 49}) {
    try {
      post(50, repeated);
      FAIL();
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      EXPECT_NE(std::string_view{error.what()}.find("SQLSTATE 23505"), std::string_view::npos)
          << error.what();
    }
    EXPECT_EQ(server().sql("SELECT count(*) FROM t"), "0");
  }
  post(300, 300);
  EXPECT_EQ(server().sql("SELECT count(*) FROM t"), "300");
}

TEST_F(PostgresDatabase, tells_how_the_outbox_table_is_made) {
  auto const probe = [&](char const* columns, SchemaName const& schema = SchemaName{}) {
    auto const table = schema.qualify("message");
    server().sql("DROP TABLE IF EXISTS " + table + "; CREATE TABLE " + table + " (" + columns +
                 ")");
    return probe_outbox_table(database_, schema);
  };
  using enum IdSource;
  EXPECT_EQ(probe("id text, headers text, payload text"),
            (OutboxTable{application, "text", "text"}));
  EXPECT_EQ(probe("id text, headers json, payload jsonb"),
            (OutboxTable{application, "json", "jsonb"}));
  EXPECT_EQ(probe("id text, headers varchar(1000), payload text"),
            (OutboxTable{application, "character varying", "text"}));
  EXPECT_EQ(probe("dbid bigint, headers text, payload text"),
            (OutboxTable{database, "text", "text"}));
  EXPECT_EQ(probe("id text, headers text, payload json", SchemaName::none()),
            (OutboxTable{application, "text", "json"}));
  server().sql("DROP DOMAIN IF EXISTS rawer, raw; CREATE DOMAIN raw AS bytea; CREATE DOMAIN rawer "
               "AS raw");
  EXPECT_EQ(probe("id text, headers char(9), payload rawer"),
            (OutboxTable{application, "character", "bytea"}));
}

TEST_F(PostgresDatabase, tells_when_there_is_no_outbox_table) {
  try {
    probe_outbox_table(database_, SchemaName{"nowhere"});
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_STREQ(error.what(), "sql: table nowhere.message does not exist; create the tables "
                               "(\"tram schema install\") or correct the "
                               "schema's name");
  }
}

}  // namespace
}  // namespace tram::testing
