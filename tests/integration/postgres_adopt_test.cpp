#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <functional>

#include "on_soci.hpp"
#include "postgres_server.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/adopt.hpp"
#include "tram/postgres/dialect.hpp"

#include <soci/postgresql/soci-postgresql.h>

namespace tram::testing {
namespace {

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

class PostgresAdopt : public ::testing::Test {
 protected:
  PostgresAdopt() {
    server().sql("DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, name text)");
  }
  void run(char const* sql) { PQclear(PQexec(connection_.get(), sql)); }
  static std::string count() { return server().sql("SELECT count(*) FROM t"); }
  std::string refusal() {
    try {
      postgres::adopt(connection_.get());
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      return error.what();
    }
    return "adopted";
  }

  std::unique_ptr<PGconn, void (*)(PGconn*)> connection_{PQconnectdb(server().connection().c_str()),
                                                         PQfinish};
};

TEST_F(PostgresAdopt, runs_statements_in_the_transaction_that_the_application_has_open) {
  run("BEGIN");
  auto tx = postgres::adopt(connection_.get());
  EXPECT_EQ(tx.execute("INSERT INTO t VALUES (?, ?)", 1, "a").affected(), 1);
  tx.post("INSERT INTO t VALUES (?, ?)", 2, std::nullopt);
  auto const rows = tx.execute("SELECT id, name FROM t ORDER BY id");
  EXPECT_EQ(rows[0].get<std::string>(1), "a");
  EXPECT_TRUE(rows[1].is_null(1));
  EXPECT_EQ(count(), "0");
  run("COMMIT");
  EXPECT_EQ(count(), "2");
}

TEST_F(PostgresAdopt, the_application_may_roll_everything_back) {
  run("BEGIN");
  postgres::adopt(connection_.get()).execute("INSERT INTO t VALUES (1, 'a')");
  run("ROLLBACK");
  EXPECT_EQ(count(), "0");
}

TEST_F(PostgresAdopt, refuses_a_connection_without_a_transaction) {
  EXPECT_EQ(refusal(), "postgresql: the adopted connection cannot be used: no transaction is open "
                       "on it; run BEGIN first");
}

TEST_F(PostgresAdopt, refuses_a_transaction_that_has_failed) {
  run("BEGIN");
  run("SELECT 1/0");
  EXPECT_EQ(refusal(), "postgresql: the adopted connection cannot be used: its transaction has "
                       "failed; roll it back and start again");
}

TEST_F(PostgresAdopt, refuses_a_connection_in_pipeline_mode) {
  run("BEGIN");
  PQenterPipelineMode(connection_.get());
  EXPECT_EQ(refusal(), "postgresql: the adopted connection cannot be used: it is in pipeline mode; "
                       "leave it (PQexitPipelineMode) before "
                       "handing it over");
}

TEST_F(PostgresAdopt, refuses_to_go_on_after_the_application_committed) {
  run("BEGIN");
  auto tx = postgres::adopt(connection_.get());
  run("COMMIT");
  EXPECT_THROW(tx.execute("INSERT INTO t VALUES (1, 'a')"), Error);
  EXPECT_EQ(count(), "0");
}

TEST_F(PostgresAdopt, stores_no_other_letters_where_the_connection_speaks_another_encoding) {
  run("SET client_encoding = 'LATIN1'");
  run("BEGIN");
  auto tx = postgres::adopt(connection_.get());
  tx.execute("INSERT INTO t VALUES (?, ?)", 1, "plain");
  for (auto const& call :
       {std::function<void()>{[&] { tx.execute("INSERT INTO t VALUES (?, ?)", 2, "Müller"); }},
        std::function<void()>{[&] { tx.execute("INSERT INTO t VALUES (3, 'Müller')"); }}}) {
    try {
      call();
      ADD_FAILURE();
    } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::rejected) << error.what(); }
  }
  run("SET client_encoding = 'UTF8'");
  tx.execute("INSERT INTO t VALUES (?, ?)", 2, "Müller");
  run("COMMIT");
  EXPECT_EQ(server().sql("SELECT string_agg(name, ',' ORDER BY id) FROM t"), "plain,Müller");
}

TEST_F(PostgresAdopt, tells_the_servers_errors_with_their_fault) {
  run("BEGIN");
  auto tx = postgres::adopt(connection_.get());
  tx.execute("INSERT INTO t VALUES (1, 'a')");
  try {
    tx.execute("INSERT INTO t VALUES (?, 'b')", 1);
    FAIL();
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::rejected); }
}

TEST_F(PostgresAdopt, a_transaction_of_soci_serves_as_well) {
  soci::session session{soci::postgresql, server().connection()};
  soci::transaction transaction{session};
  auto tx = on_soci(session);
  EXPECT_EQ(tx.execute("INSERT INTO t VALUES (?, ?)", 1, "a").affected(), 1);
  tx.post("INSERT INTO t VALUES (?, ?)", 2, std::nullopt);
  transaction.commit();
  EXPECT_EQ(server().sql("SELECT string_agg(id || coalesce(name, '-'), ',' ORDER BY id) FROM t"),
            "1a,2-");
}

}  // namespace
}  // namespace tram::testing
