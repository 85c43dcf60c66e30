#include <gtest/gtest.h>

#include <future>

#include "postgres_server.hpp"
#include "tcp_proxy.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/postgres.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

class PostgresDriver : public ::testing::Test {
 protected:
  PostgresDriver() {
    server().sql("DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, name text)");
  }

  std::unique_ptr<Connection> connect(
      int port, postgres::Statements statements = postgres::Statements::prepared) {
    return postgres::driver({.connection = "host=127.0.0.1 user=postgres dbname=postgres port=" +
                                           std::to_string(port),
                             .statements = statements},
                            clock_, random_)
        ->connect(soon());
  }
  std::unique_ptr<Connection> connect() { return connect(server().port()); }
  Deadline soon() { return Deadline::after(clock_, 10s); }
  Rows execute(Connection& connection, std::string_view sql,
               std::initializer_list<Parameter> parameters = {}) {
    return connection.execute(sql, {parameters.begin(), parameters.size()}, soon());
  }
  void post(Connection& connection, std::string_view sql,
            std::initializer_list<Parameter> parameters = {}) {
    connection.post(sql, {parameters.begin(), parameters.size()}, soon());
  }
  static std::string count() { return server().sql("SELECT count(*) FROM t"); }

  template <class Function>
  static Error error_of(Function function) {
    try {
      function();
    } catch (Error const& error) { return error; }
    throw std::runtime_error{"no error was raised"};
  }

  SystemClock clock_;
  SystemRandom random_;
};

TEST_F(PostgresDriver, a_transaction_of_posted_statements_takes_one_round_trip) {
  TcpProxy proxy{server().port()};
  auto const connection = connect(proxy.port());
  for (int i = 0; i < 3; ++i) {
    int const before = proxy.round_trips();
    connection->begin(Access::read_write, soon());
    post(*connection, "INSERT INTO t VALUES (?, ?)", {i, "business"});
    post(*connection, "INSERT INTO t VALUES (?, ?)", {i + 100, "outbox"});
    connection->commit(soon());
    EXPECT_EQ(proxy.round_trips() - before, 1);
  }
  EXPECT_EQ(count(), "6");
}

TEST_F(PostgresDriver, each_statement_that_is_waited_for_takes_one_round_trip_and_the_commit_one) {
  TcpProxy proxy{server().port()};
  auto const connection = connect(proxy.port());
  for (int i = 0; i < 3; ++i) {
    int const before = proxy.round_trips();
    connection->begin(Access::read_write, soon());
    EXPECT_EQ(execute(*connection, "INSERT INTO t VALUES (?, ?)", {i, "inbox"}).affected(), 1);
    execute(*connection, "SELECT name FROM t WHERE id = ?", {i});
    post(*connection, "INSERT INTO t VALUES (?, ?)", {i + 100, "outbox"});
    connection->commit(soon());
    EXPECT_EQ(proxy.round_trips() - before, 3);
  }
}

TEST_F(PostgresDriver, a_deadline_of_the_same_length_is_set_at_the_server_once) {
  auto const connection = connect();
  auto const limit = [&](Duration timeout) {
    connection->begin(Access::read_only, soon());
    return connection
        ->execute("SHOW idle_in_transaction_session_timeout", {},
                  Deadline::after(clock_, timeout))[0]
        .get<std::string>(0);
  };
  EXPECT_EQ(limit(30s), "31s");
  EXPECT_TRUE(connection->reset());
  EXPECT_EQ(limit(30s), "31s") << "the first was rolled back";
  connection->commit(soon());
  EXPECT_EQ(limit(30s), "31s");
  connection->commit(soon());
  EXPECT_EQ(limit(5s), "6s");
  connection->commit(soon());
  EXPECT_EQ(limit(30s), "31s");
  connection->execute("RESET ALL", {}, soon());
  connection->commit(soon());
  EXPECT_EQ(limit(30s), "31s");
  connection->commit(soon());
}

TEST_F(PostgresDriver, a_transaction_without_statements_costs_nothing) {
  TcpProxy proxy{server().port()};
  auto const connection = connect(proxy.port());
  int const before = proxy.round_trips();
  connection->begin(Access::read_write, soon());
  connection->commit(soon());
  connection->begin(Access::read_write, soon());
  EXPECT_TRUE(connection->reset());
  EXPECT_EQ(proxy.round_trips(), before);
}

TEST_F(PostgresDriver, works_with_unnamed_statements_and_leaves_nothing_prepared) {
  auto const connection = connect(server().port(), postgres::Statements::unnamed);
  for (int i = 0; i < 3; ++i) {
    connection->begin(Access::read_write, soon());
    post(*connection, "INSERT INTO t VALUES (?, ?)", {i, "x"});
    EXPECT_EQ(execute(*connection, "SELECT count(*) FROM pg_prepared_statements")[0].get<int>(0),
              0);
    connection->commit(soon());
  }
  EXPECT_EQ(count(), "3");
}

TEST_F(PostgresDriver, prepares_what_comes_again) {
  auto const connection = connect();
  connection->begin(Access::read_write, soon());
  for (int i = 0; i < 3; ++i) execute(*connection, "INSERT INTO t VALUES (?, ?)", {i, "x"});
  EXPECT_EQ(execute(*connection,
                    "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'")[0]
                .get<int>(0),
            1);
  connection->commit(soon());
}

TEST_F(PostgresDriver, gives_values_back_as_they_were_bound) {
  auto const connection = connect();
  connection->begin(Access::read_write, soon());
  auto const rows = execute(
      *connection,
      "SELECT ?::bigint, ?::float8, ?::text, ?::boolean, ?::text, '?\?'::text, ?::numeric, "
      "?::jsonb ?? 'a'",
      {std::int64_t{-9'223'372'036'854'775'807}, 0.1, "käse", true, nullptr, "1.50", "{\"a\": 1}"});
  auto const row = rows[0];
  EXPECT_EQ(row.get<std::int64_t>(0), -9'223'372'036'854'775'807);
  EXPECT_EQ(row.get<double>(1), 0.1);
  EXPECT_EQ(row.get<std::string>(2), "käse");
  EXPECT_TRUE(row.get<bool>(3));
  EXPECT_TRUE(row.is_null(4));
  EXPECT_EQ(row.get<std::string>(5), "??");
  EXPECT_EQ(row.get<std::string>(6), "1.50");
  EXPECT_TRUE(row.get<bool>(7));
  connection->commit(soon());
}

TEST_F(PostgresDriver, counts_only_rows_that_changed) {
  auto const connection = connect();
  connection->begin(Access::read_write, soon());
  EXPECT_EQ(execute(*connection, "INSERT INTO t VALUES (1, 'a'), (2, 'b')").affected(), 2);
  EXPECT_EQ(execute(*connection, "SELECT * FROM t").affected(), 0);
  EXPECT_EQ(execute(*connection, "INSERT INTO t VALUES (1, 'a') ON CONFLICT DO NOTHING").affected(),
            0);
  EXPECT_EQ(execute(*connection, "UPDATE t SET name = 'c'").affected(), 2);
  connection->commit(soon());
}

TEST_F(PostgresDriver, a_posted_statement_that_failed_shows_at_the_commit) {
  auto const connection = connect();
  connection->begin(Access::read_write, soon());
  post(*connection, "INSERT INTO t VALUES (1, 'a')");
  post(*connection, "INSERT INTO t VALUES (1, 'b')");
  auto const error = error_of([&] { connection->commit(soon()); });
  EXPECT_EQ(error.fault(), Fault::rejected);
  EXPECT_STREQ(error.what(), "postgresql: INSERT INTO t VALUES (1, 'b') failed: duplicate key "
                             "value violates unique constraint \"t_pkey\" "
                             "(Key (id)=(1) already exists.) (SQLSTATE 23505)");
  EXPECT_TRUE(connection->reset());
  EXPECT_EQ(count(), "0");
}

TEST_F(PostgresDriver, a_swallowed_error_does_not_pass_for_a_commit) {
  auto const connection = connect();
  connection->begin(Access::read_write, soon());
  execute(*connection, "INSERT INTO t VALUES (1, 'a')");
  EXPECT_THROW(execute(*connection, "INSERT INTO t VALUES (1, 'b')"), Error);
  auto const error = error_of([&] { connection->commit(soon()); });
  EXPECT_EQ(error.fault(), Fault::rejected);
  EXPECT_TRUE(connection->reset());
  EXPECT_EQ(count(), "0");
}

TEST_F(PostgresDriver, a_savepoint_saves_what_was_before_it) {
  auto const connection = connect();
  connection->begin(Access::read_write, soon());
  post(*connection, "INSERT INTO t VALUES (1, 'a')");
  post(*connection, "SAVEPOINT s");
  EXPECT_THROW(execute(*connection, "INSERT INTO t VALUES (1, 'b')"), Error);
  post(*connection, "ROLLBACK TO SAVEPOINT s");
  connection->commit(soon());
  EXPECT_EQ(count(), "1");
}

TEST_F(PostgresDriver, reset_undoes_what_is_queued_and_what_has_failed) {
  auto const connection = connect();
  connection->begin(Access::read_write, soon());
  post(*connection, "INSERT INTO t VALUES (1, 'a')");
  EXPECT_TRUE(connection->reset());
  connection->begin(Access::read_write, soon());
  post(*connection, "INSERT INTO nowhere VALUES (1)");
  EXPECT_TRUE(connection->reset());
  connection->begin(Access::read_write, soon());
  post(*connection, "INSERT INTO t VALUES (2, 'b')");
  connection->commit(soon());
  EXPECT_EQ(server().sql("SELECT string_agg(id::text, ',') FROM t"), "2");
}

TEST_F(PostgresDriver, a_prepared_statement_whose_table_changed_asks_for_a_new_connection) {
  auto const connection = connect();
  for (int i = 0; i < 3; ++i) {
    connection->begin(Access::read_only, soon());
    execute(*connection, "SELECT * FROM t");
    connection->commit(soon());
  }
  server().sql("ALTER TABLE t ADD COLUMN more int");
  connection->begin(Access::read_only, soon());
  EXPECT_EQ(error_of([&] { execute(*connection, "SELECT * FROM t"); }).fault(), Fault::broken);
  EXPECT_FALSE(connection->reset());
}

TEST_F(PostgresDriver, a_read_only_transaction_refuses_to_write) {
  auto const connection = connect();
  connection->begin(Access::read_only, soon());
  EXPECT_EQ(error_of([&] { execute(*connection, "INSERT INTO t VALUES (1, 'a')"); }).fault(),
            Fault::rejected);
  EXPECT_TRUE(connection->reset());
}

TEST_F(PostgresDriver, a_deadlock_is_a_conflict) {
  server().sql("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
  auto const first = connect();
  auto const second = connect();
  first->begin(Access::read_write, soon());
  second->begin(Access::read_write, soon());
  execute(*first, "UPDATE t SET name = 'x' WHERE id = 1");
  execute(*second, "UPDATE t SET name = 'x' WHERE id = 2");
  auto other = std::async(std::launch::async, [&]() -> std::optional<Fault> {
    try {
      execute(*first, "UPDATE t SET name = 'x' WHERE id = 2");
      first->commit(soon());
      return std::nullopt;
    } catch (Error const& error) {
      first->reset();
      return error.fault();
    }
  });
  std::optional<Fault> mine;
  try {
    execute(*second, "UPDATE t SET name = 'x' WHERE id = 1");
    second->commit(soon());
  } catch (Error const& error) {
    second->reset();
    mine = error.fault();
  }
  auto const theirs = other.get();
  EXPECT_NE(mine.has_value(), theirs.has_value());
  EXPECT_EQ(mine.value_or(Fault::conflict), Fault::conflict);
  EXPECT_EQ(theirs.value_or(Fault::conflict), Fault::conflict);
}

TEST_F(PostgresDriver, a_statement_past_its_deadline_is_given_up_and_stopped_on_the_server) {
  auto const connection = connect();
  connection->begin(Access::read_write, soon());
  auto const error = error_of(
      [&] { connection->execute("SELECT pg_sleep(600)", {}, Deadline::after(clock_, 100ms)); });
  EXPECT_EQ(error.fault(), Fault::broken);
  EXPECT_FALSE(connection->reset());
}

TEST_F(PostgresDriver, the_server_ends_a_statement_whose_client_is_gone) {
  auto connection = connect();
  connection->begin(Access::read_write, soon());
  EXPECT_THROW(connection->execute("SELECT pg_sleep(600)", {}, Deadline::after(clock_, 100ms)),
               Error);
  connection.reset();
  EXPECT_TRUE(eventually([] {
    return server().sql(
               "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'") == "0";
  }));
}

TEST_F(PostgresDriver, a_connection_that_the_server_ended_is_broken_before_anything_is_sent) {
  auto const connection = connect();
  server().sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tram'");
  EXPECT_TRUE(eventually([&] {
    try {
      connection->begin(Access::read_write, soon());
      connection->reset();
      return false;
    } catch (Error const& error) { return error.fault() == Fault::broken; }
  }));
  EXPECT_FALSE(connection->reset());
}

TEST_F(PostgresDriver, large_posted_values_do_not_stop_the_pipeline) {
  auto const connection = connect();
  std::string const large(200'000, 'x');
  connection->begin(Access::read_write, soon());
  for (int i = 0; i < 200; ++i)
    post(*connection, "INSERT INTO t VALUES (?, ?) RETURNING name", {i, large});
  connection->commit(soon());
  EXPECT_EQ(count(), "200");
}

TEST_F(PostgresDriver, text_with_a_nul_character_is_rejected_and_says_why) {
  auto const connection = connect();
  connection->begin(Access::read_write, soon());
  auto const error = error_of(
      [&] { post(*connection, "INSERT INTO t VALUES (1, ?)", {std::string_view{"a\0b", 3}}); });
  EXPECT_EQ(error.fault(), Fault::rejected);
  EXPECT_TRUE(connection->reset());
}

class PostgresInDoubt : public PostgresDriver {
 protected:
  // Commits on another thread, so that the test can stand between the two sides meanwhile.
  std::future<std::optional<Error>> commit(Connection& connection, Duration timeout = 10s) {
    return std::async(std::launch::async, [&connection, timeout, this]() -> std::optional<Error> {
      try {
        connection.commit(Deadline::after(clock_, timeout));
        return std::nullopt;
      } catch (Error const& error) { return error; }
    });
  }
};

TEST_F(PostgresInDoubt, a_commit_whose_answer_was_lost_is_found_to_have_happened) {
  TcpProxy proxy{server().port()};
  auto const connection = connect(proxy.port());
  connection->begin(Access::read_write, soon());
  execute(*connection, "INSERT INTO t VALUES (1, 'a')");
  proxy.withhold_answers(1);
  auto outcome = commit(*connection);
  ASSERT_TRUE(eventually([] { return count() == "1"; }));
  proxy.cut();
  proxy.withhold_answers(0);
  auto const error = outcome.get();
  EXPECT_FALSE(error) << error->what();
  EXPECT_FALSE(connection->reset());
}

TEST_F(PostgresInDoubt, a_commit_that_never_arrived_is_found_not_to_have_happened) {
  TcpProxy proxy{server().port()};
  auto const connection = connect(proxy.port());
  connection->begin(Access::read_write, soon());
  execute(*connection, "INSERT INTO t VALUES (1, 'a')");
  proxy.withhold_requests(1);
  auto outcome = commit(*connection);
  proxy.await_request();
  proxy.cut();
  proxy.withhold_requests(0);
  auto const error = outcome.get();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->fault(), Fault::broken) << error->what();
  EXPECT_EQ(count(), "0");
}

TEST_F(PostgresInDoubt, a_transaction_still_in_progress_at_the_deadline_stays_in_doubt) {
  TcpProxy proxy{server().port()};
  auto const connection = connect(proxy.port());
  connection->begin(Access::read_write, soon());
  execute(*connection, "INSERT INTO t VALUES (1, 'a')");
  proxy.withhold_requests(1);
  auto outcome = commit(*connection, 500ms);
  proxy.await_request();
  proxy.cut_client();
  proxy.withhold_requests(0);
  auto const error = outcome.get();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->fault(), Fault::in_doubt) << error->what();
  proxy.cut();
}

TEST_F(PostgresInDoubt, a_commit_without_an_answer_at_the_deadline_is_in_doubt) {
  TcpProxy proxy{server().port()};
  auto const connection = connect(proxy.port());
  connection->begin(Access::read_write, soon());
  post(*connection, "INSERT INTO t VALUES (1, 'a')");
  proxy.withhold_answers(1);
  auto const error = commit(*connection, 300ms).get();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->fault(), Fault::in_doubt) << error->what();
}

TEST_F(PostgresInDoubt, a_transaction_that_leaves_a_mark_asks_for_no_number_and_stays_in_doubt) {
  TcpProxy proxy{server().port()};
  auto const connection = connect(proxy.port());
  connection->begin(Access::marked_write, soon());
  execute(*connection, "INSERT INTO t VALUES (1, 'a')");
  EXPECT_EQ(server().sql("SELECT query FROM pg_stat_activity WHERE application_name = 'tram'"),
            "INSERT INTO t VALUES (1, 'a')");
  proxy.withhold_answers(1);
  auto outcome = commit(*connection);
  ASSERT_TRUE(eventually([] { return count() == "1"; }));
  proxy.cut();
  proxy.withhold_answers(0);
  auto const error = outcome.get();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->fault(), Fault::in_doubt) << error->what();
  EXPECT_FALSE(connection->reset());
}

TEST_F(PostgresInDoubt, after_a_crash_a_committed_number_may_be_somebody_elses) {
  TcpProxy proxy{server().port()};
  auto const connection = connect(proxy.port());
  connection->begin(Access::read_write, soon());
  execute(*connection, "INSERT INTO t VALUES (1, 'a')");
  proxy.withhold_answers(1);
  auto outcome = commit(*connection, 20s);
  ASSERT_TRUE(eventually([] { return count() == "1"; }));
  server().stop("immediate");
  server().start();
  proxy.cut();
  proxy.withhold_answers(0);
  auto const error = outcome.get();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->fault(), Fault::in_doubt) << error->what();
}

TEST_F(PostgresInDoubt, an_orderly_restart_during_the_commit_is_found_out) {
  TcpProxy proxy{server().port()};
  auto const connection = connect(proxy.port());
  connection->begin(Access::read_write, soon());
  execute(*connection, "INSERT INTO t VALUES (1, 'a')");
  proxy.withhold_answers(1);
  auto outcome = commit(*connection, 20s);
  ASSERT_TRUE(eventually([] { return count() == "1"; }));
  server().stop("fast");
  server().start();
  proxy.cut();
  proxy.withhold_answers(0);
  auto const error = outcome.get();
  EXPECT_FALSE(error) << error->what();
  EXPECT_EQ(count(), "1");
}

TEST_F(PostgresInDoubt, a_lost_read_only_commit_is_never_in_doubt) {
  TcpProxy proxy{server().port()};
  auto const connection = connect(proxy.port());
  connection->begin(Access::read_only, soon());
  execute(*connection, "SELECT 1");
  proxy.cut();
  EXPECT_EQ(error_of([&] { connection->commit(soon()); }).fault(), Fault::broken);
}

TEST_F(PostgresDriver, a_server_that_is_down_is_transient) {
  auto const driver =
      postgres::driver({.connection = "host=127.0.0.1 port=1 user=postgres"}, clock_, random_);
  EXPECT_EQ(error_of([&] { driver->connect(soon()); }).fault(), Fault::transient);
}

TEST_F(PostgresDriver, a_server_that_does_not_answer_is_transient_at_the_deadline) {
  TcpProxy proxy{server().port()};
  proxy.withhold_answers(1);
  auto const driver = postgres::driver(
      {.connection = "host=127.0.0.1 user=postgres port=" + std::to_string(proxy.port())}, clock_,
      random_);
  EXPECT_EQ(error_of([&] { driver->connect(Deadline::after(clock_, 200ms)); }).fault(),
            Fault::transient);
}

TEST(PostgresTls, is_libpqs_own_and_a_certificate_that_does_not_hold_is_rejected) {
  PostgresServer guarded;
  auto const file = [&](char const* name) { return guarded.folder() + "/" + name; };
  for (auto const* const name : {"server", "stranger"}) {
    guarded.run_as_owner(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -keyout " +
        file(name) + ".key -out " + file(name) + ".crt");
  }
  guarded.stop("fast");
  guarded.set_options("-c ssl=on -c ssl_cert_file=" + file("server.crt") +
                      " -c ssl_key_file=" + file("server.key"));
  guarded.start();
  SystemClock clock;
  SystemRandom random;
  auto const connect = [&](std::string const& root) {
    return postgres::driver(
               {.connection = guarded.connection() + " sslmode=verify-ca sslrootcert=" + root},
               clock, random)
        ->connect(Deadline::after(clock, 10s));
  };
  auto const connection = connect(file("server.crt"));
  connection->begin(Access::read_only, Deadline::after(clock, 10s));
  EXPECT_EQ(connection
                ->execute("SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()", {},
                          Deadline::after(clock, 10s))[0]
                .get<std::string>(0),
            "TLSv1.3");
  std::string const large(5'000'000, 'x');
  std::vector<Parameter> const parameters{large};
  EXPECT_EQ(connection->execute("SELECT ?::text", parameters, Deadline::after(clock, 10s))[0]
                .get<std::string>(0),
            large);
  connection->commit(Deadline::after(clock, 10s));
  try {
    connect(file("stranger.crt"));
    FAIL();
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::rejected) << error.what(); }
}

TEST_F(PostgresDriver, an_unknown_database_is_rejected_with_the_remedy) {
  auto const driver =
      postgres::driver({.connection = server().connection("nowhere")}, clock_, random_);
  auto const error = error_of([&] { driver->connect(soon()); });
  EXPECT_EQ(error.fault(), Fault::rejected);
  EXPECT_EQ(
      std::string{error.what()},
      "postgresql: cannot connect to postgresql '127.0.0.1:" + std::to_string(server().port()) +
          "/nowhere': database \"nowhere\" does not exist (SQLSTATE 3D000); create the database or "
          "correct its name in the connection string");
}

}  // namespace
}  // namespace tram::testing
