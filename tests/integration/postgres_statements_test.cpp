#include <gtest/gtest.h>
#include <libpq-fe.h>

#include "postgres_server.hpp"
#include "token_soup.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/adopt.hpp"
#include "tram/postgres/dialect.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/sql/statement_text.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;
using ResultPointer = std::unique_ptr<PGresult, void (*)(PGresult*)>;
using ConnectionPointer = std::unique_ptr<PGconn, void (*)(PGconn*)>;

PostgresServer& server() {
  static PostgresServer instance{"-c max_prepared_transactions=5"};
  return instance;
}

ConnectionPointer connect_plainly() {
  return {PQconnectdb(server().connection().c_str()), PQfinish};
}

bool runs(PGconn* connection, std::string const& sql) {
  ResultPointer const result{PQexec(connection, sql.c_str()), PQclear};
  auto const status = PQresultStatus(result.get());
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

// PL/pgSQL cuts a statement into tokens with the server's own lexer, up to a semicolon and counting
// parentheses; without check_function_bodies it does not parse them, and behind RETURN it does not
// run them.
Comparison compare_with_server(char const* standard_conforming_strings, LexicalRules rules,
                               std::uint64_t seed) {
  auto const connection = connect_plainly();
  EXPECT_TRUE(
      runs(connection.get(), "SET check_function_bodies = off; SET client_min_messages = error; "
                             "SET escape_string_warning = off; SET standard_conforming_strings = " +
                                 std::string{standard_conforming_strings}));
  SeededRandom random{seed};
  return compare_with_lexer(random, 12'000, rules, [&](std::string const& soup) {
    return runs(connection.get(),
                "DO $outermost$BEGIN RETURN; PERFORM " + soup + "\n; END$outermost$");
  });
}

TEST(PostgresStatementText, agrees_with_the_server) {
  constexpr std::uint64_t seed = 20'261'130;
  auto with_backslashes = postgres::dialect.lexical_rules;
  with_backslashes.backslashes = true;
  for (auto const& [setting, rules] :
       {std::pair{"on", postgres::dialect.lexical_rules}, std::pair{"off", with_backslashes}}) {
    auto const found = compare_with_server(setting, rules, seed);
    EXPECT_EQ(found.difference, "") << setting << ", seed " << seed;
    EXPECT_GT(found.soups, 500) << setting;
    EXPECT_GT(found.open, 500) << setting;
    EXPECT_GT(found.question_marks - found.open, 200) << setting;
  }
}

class PostgresStatements : public ::testing::Test {
 protected:
  PostgresStatements() {
    server().sql("DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, name text)");
  }
  static std::string count() { return server().sql("SELECT count(*) FROM t"); }
  template <class Function>
  static Error error_of(Function function) {
    try {
      function();
    } catch (Error const& error) { return error; }
    throw std::runtime_error{"no error was raised"};
  }
  /// Runs the statement behind an INSERT, and tells the error; the function must have run once.
  template <class Run>
  Error refusal_of(Run run) {
    int runs = 0;
    auto const error = error_of([&] {
      database_.transact([&](Transaction& tx) {
        tx.execute("INSERT INTO t VALUES (?, 'before')", ++runs);
        run(tx);
        tx.execute("INSERT INTO t VALUES (?, 'behind')", 100 + runs);
      });
    });
    EXPECT_EQ(runs, 1) << error.what();
    return error;
  }
  void expect_refused(std::string_view sql) {
    auto const executed = refusal_of([&](Transaction& tx) { tx.execute(sql); });
    EXPECT_EQ(executed.fault(), Fault::rejected) << sql << ": " << executed.what();
    auto const posted = refusal_of([&](Transaction& tx) { tx.post(sql); });
    EXPECT_EQ(posted.fault(), Fault::rejected) << sql << ": " << posted.what();
    EXPECT_EQ(count(), "0") << sql;
  }
  std::unique_ptr<Connection> connect() {
    return postgres::driver({.connection = server().connection()}, clock_, random_)
        ->connect(soon());
  }
  Deadline soon() { return Deadline::after(clock_, 10s); }

  SystemClock clock_;
  SystemRandom random_;
  Database database_{postgres::connect({.connection = server().connection()}, {}, clock_, random_)};
};

constexpr std::string_view with_nul{"DELETE FROM t WHERE id = 1\0 AND false", 37};

TEST_F(PostgresStatements, refuse_a_text_that_is_no_statement) {
  for (auto const sql :
       {std::string_view{}, std::string_view{" "}, std::string_view{";"}, std::string_view{";;\n"},
        std::string_view{"-- x"}, std::string_view{"/* x */"}, std::string_view{"/* /* */ */"},
        std::string_view{"-- x\r-- y"}, std::string_view{"\0", 1}, with_nul}) {
    expect_refused(sql);
  }
}

TEST_F(PostgresStatements, keep_the_end_of_a_transaction_to_its_owner) {
  server().sql("CREATE OR REPLACE PROCEDURE commits() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'");
  for (auto const* const sql :
       {"/* /* */ */ COMMIT", "-- x\rCOMMIT", "PREPARE TRANSACTION 'p'",
        "/**/ prepare -- x\r transaction 'p'", "COMMIT AND CHAIN", "ROLLBACK", "ROLLBACK AND CHAIN",
        "END", "ABORT", ";COMMIT", "CALL commits()", "DO 'BEGIN ROLLBACK; END'", "SELECT 1; COMMIT",
        "COMMIT; SELECT 1", "COMMIT PREPARED 'p'"}) {
    expect_refused(sql);
  }
  EXPECT_EQ(server().sql("SELECT count(*) FROM pg_prepared_xacts"), "0");
}

// What the text of a statement looks like is one thing, and what the server says is another: here
// nobody looks at the text.
TEST_F(PostgresStatements, that_end_a_transaction_are_noticed_by_what_the_server_says) {
  for (auto const* const sql : {"COMMIT", "COMMIT AND CHAIN", "ROLLBACK", "ROLLBACK AND CHAIN",
                                "END", "ABORT AND CHAIN", "PREPARE TRANSACTION 'p'"}) {
    auto const connection = connect();
    connection->begin(Access::read_write, soon());
    connection->execute("INSERT INTO t VALUES (1, 'before')", {}, soon());
    auto const error = error_of([&] { connection->execute(sql, {}, soon()); });
    EXPECT_EQ(error.fault(), Fault::rejected) << sql;
    auto const again = [&](auto call) { EXPECT_STREQ(error_of(call).what(), error.what()) << sql; };
    again([&] { connection->execute("INSERT INTO t VALUES (2, 'behind')", {}, soon()); });
    again([&] { connection->post("INSERT INTO t VALUES (3, 'behind')", {}, soon()); });
    again([&] { connection->commit(soon()); });
    EXPECT_TRUE(connection->reset()) << sql;
    connection->begin(Access::read_write, soon());
    connection->execute("DELETE FROM t WHERE id > 1", {}, soon());
    connection->commit(soon());
    if (server().sql("SELECT count(*) FROM pg_prepared_xacts") != "0")
      server().sql("ROLLBACK PREPARED 'p'");
    server().sql("TRUNCATE t");
  }
}

TEST_F(PostgresStatements, that_end_a_transaction_are_not_posted_in_front_of_others) {
  auto const connection = connect();
  connection->begin(Access::read_write, soon());
  connection->post("INSERT INTO t VALUES (1, 'before')", {}, soon());
  EXPECT_EQ(error_of([&] { connection->post("ROLLBACK", {}, soon()); }).fault(), Fault::rejected);
  EXPECT_EQ(error_of([&] { connection->commit(soon()); }).fault(), Fault::rejected);
  EXPECT_TRUE(connection->reset());
  EXPECT_EQ(count(), "0");
}

TEST_F(PostgresStatements, refuse_what_no_connection_of_a_pool_can_do) {
  for (auto const* const sql :
       {"COPY t FROM STDIN", "copy t from /* x */ stdin", "COPY t TO STDOUT",
        "COPY (SELECT 1) TO STDOUT WITH (FORMAT csv)", "-- x\rCOPY t FROM STDIN", "LISTEN x",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1", "DEALLOCATE ALL"}) {
    expect_refused(sql);
  }
  EXPECT_NE(
      std::string{refusal_of([](Transaction& tx) { tx.execute("COPY t FROM STDIN"); }).what()}.find(
          "COPY from or to the client is no statement with rows"),
      std::string::npos);
}

// Codes that speak of connections, raised by a statement on a connection that is well.
TEST_F(PostgresStatements, are_not_taken_for_a_lost_connection) {
  auto const fault = [&](std::string_view sql) {
    auto const connection = connect();
    connection->begin(Access::read_write, soon());
    auto const error = error_of([&] { connection->execute(sql, {}, soon()); });
    EXPECT_TRUE(connection->reset()) << error.what();
    return error.fault();
  };
  EXPECT_EQ(fault("EXECUTE nobody"), Fault::rejected);
  EXPECT_EQ(fault("SELECT 1 WHERE 1 = ?"), Fault::rejected);
  EXPECT_EQ(fault("DO 'BEGIN RAISE EXCEPTION ''remote'' USING ERRCODE = ''08006''; END'"),
            Fault::transient);
}

TEST_F(PostgresStatements, say_what_a_question_mark_without_a_value_means) {
  for (auto const* const sql :
       {"SELECT '{}'::jsonb ? 'a'", "SELECT '{}'::jsonb ?| ARRAY['a']",
        "SELECT '{}'::jsonb ?& ARRAY['a']", "SELECT '{}'::jsonb @? '$.a'", "SELECT ?"}) {
    std::string const what = refusal_of([&](Transaction& tx) { tx.execute(sql); }).what();
    EXPECT_NE(what.find("1 placeholders '?' and 0 values; write ?? for"), std::string::npos)
        << what;
    EXPECT_THROW(database_.transact([&](Transaction& tx) { tx.post(sql); }), Error) << sql;
  }
  EXPECT_EQ(refusal_of([](Transaction& tx) { tx.execute("SELECT '{}'::jsonb ? ?", "a"); }).fault(),
            Fault::rejected);
  database_.transact([](Transaction& tx) {
    EXPECT_TRUE(tx.execute("SELECT '{\"a\":1}'::jsonb ?? ?", "a")[0].get<bool>(0));
    EXPECT_TRUE(tx.execute("SELECT '{\"a\":1}'::jsonb @?? '$.a'")[0].get<bool>(0));
  });
}

// No fault of the server's: running it again changes nothing.
TEST_F(PostgresStatements, are_refused_where_a_file_of_theirs_is_not_there) {
  expect_refused("COPY t FROM '/nowhere/rows'");
  expect_refused("/* x */ copy t TO '/nowhere/rows'");
}

TEST_F(PostgresStatements, walk_a_cursor_within_their_transaction) {
  database_.transact([](Transaction& tx) {
    tx.execute("DECLARE c CURSOR FOR SELECT generate_series(1, 3)");
    EXPECT_EQ(tx.execute("FETCH 2 FROM c").size(), 2U);
    EXPECT_EQ(tx.execute("FETCH 2 FROM c")[0].get<int>(0), 3);
    tx.post("NOTIFY somebody");
  });
}

TEST_F(PostgresStatements, keep_their_texts_whole) {
  server().sql("CREATE OR REPLACE FUNCTION echo(text) RETURNS text LANGUAGE sql AS 'SELECT $1'");
  database_.transact([](Transaction& tx) {
    auto const rows = tx.execute("SELECT $é$ ? $é$, E'a\\'?'\n'\\'?', ?::text, -- '\r ?::text, "
                                 "U&'?', $_1$?$_1$, '{\"?\": 1}'::jsonb ?? '?', echo(?), 1 AS a$1",
                                 "first", "second", "third");
    EXPECT_EQ(rows[0].get<std::string>(0), " ? ");
    EXPECT_EQ(rows[0].get<std::string>(1), "a'?'?");
    EXPECT_EQ(rows[0].get<std::string>(2), "first");
    EXPECT_EQ(rows[0].get<std::string>(3), "second");
    EXPECT_EQ(rows[0].get<std::string>(4), "?");
    EXPECT_EQ(rows[0].get<std::string>(5), "?");
    EXPECT_TRUE(rows[0].get<bool>(6));
    EXPECT_EQ(rows[0].get<std::string>(7), "third");
    EXPECT_EQ(tx.execute("SELECT 1 WHERE 1=?AND 2=?LIMIT?", 1, 2, 1).size(), 1U);
  });
}

TEST_F(PostgresStatements, follow_the_rules_that_the_session_has_now) {
  constexpr auto sql = R"(SELECT '\'?', ?::text --')";
  constexpr auto standard = R"(SELECT '\', ?::text --')";
  database_.transact([&](Transaction& tx) {
    for (int i = 0; i < 3; ++i) {
      tx.post("SET LOCAL standard_conforming_strings = off");
      EXPECT_EQ(tx.execute(sql, "value")[0].get<std::string>(0), "'?");
      tx.post("SELECT set_config('standard_conforming_strings', 'on', true)");
      EXPECT_EQ(tx.execute(standard, "value")[0].get<std::string>(1), "value");
    }
  });
  auto backslashes = postgres::connect(
      {.connection = server().connection() + " options='-c standard_conforming_strings=off'"}, {},
      clock_, random_);
  backslashes.transact([&](Transaction& tx) {
    EXPECT_EQ(tx.execute(sql, "value")[0].get<std::string>(1), "value");
  });
}

class PostgresAdoptedStatements : public PostgresStatements {
 protected:
  PostgresAdoptedStatements() { runs(connection_.get(), "BEGIN"); }
  void expect_refused_and_open(std::string_view sql) {
    auto tx = postgres::adopt(connection_.get());
    tx.execute("INSERT INTO t VALUES (1, 'before')");
    EXPECT_EQ(error_of([&] { tx.execute(sql); }).fault(), Fault::rejected) << sql;
    EXPECT_NE(PQtransactionStatus(connection_.get()), PQTRANS_IDLE) << sql;
    EXPECT_TRUE(runs(connection_.get(), "ROLLBACK; BEGIN")) << sql;
    EXPECT_EQ(count(), "0");
  }

  ConnectionPointer connection_{connect_plainly()};
};

TEST_F(PostgresAdoptedStatements, are_held_to_the_same_rules) {
  for (auto const sql :
       {std::string_view{}, std::string_view{"-- x"}, std::string_view{"\0", 1}, with_nul,
        std::string_view{"-- x\rCOMMIT"}, std::string_view{"PREPARE TRANSACTION 'p'"},
        std::string_view{"/* /* */ */ ROLLBACK"}, std::string_view{"COPY t FROM STDIN"},
        std::string_view{"COPY t TO STDOUT"}, std::string_view{"SELECT 1; COMMIT"},
        std::string_view{"SELECT '{}'::jsonb ? 'a'"}}) {
    expect_refused_and_open(sql);
  }
}

TEST_F(PostgresAdoptedStatements, are_read_by_the_rules_of_their_session) {
  runs(connection_.get(), "SET standard_conforming_strings = off");
  EXPECT_EQ(postgres::adopt(connection_.get())
                .execute(R"(SELECT '\'?', ?::text --')", "value")[0]
                .get<std::string>(1),
            "value");
}

}  // namespace
}  // namespace tram::testing
