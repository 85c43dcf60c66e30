#include <gtest/gtest.h>

#include <array>
#include <future>
#include <vector>

#include "postgres_server.hpp"
#include "tcp_proxy.hpp"
#include "tram/base/error.hpp"
#include "tram/postgres/postgres.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;

::testing::AssertionResult tells(Error const& error, std::string_view words) {
  if (std::string_view{error.what()}.find(words) != std::string_view::npos)
    return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << error.what() << "\nlacks: " << words;
}

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

constexpr auto count_backends =
    "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tram'";

void await_no_backend() {
  ASSERT_TRUE(eventually([] { return server().sql(count_backends) == "0"; }));
}
void terminate() {
  server().sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tram'");
  await_no_backend();
}

/// What ends a connection while its client says nothing, and what the client must tell.
struct Ending {
  char const* name;
  char const* words;
  void (*end)();
};

void restart() {
  server().stop("fast");
  server().start();
}

// The connection's own limit, which `connect` sets.
constexpr std::array endings{
    Ending{"time-out", "idle-in-transaction timeout (SQLSTATE 25P03)", await_no_backend},
    Ending{"administrator", "administrator command (SQLSTATE 57P01)", terminate},
    Ending{"shutdown", "administrator command (SQLSTATE 57P01)", restart},
};

class PostgresLastWords : public ::testing::Test {
 protected:
  PostgresLastWords() {
    server().sql("DROP TABLE IF EXISTS t; CREATE TABLE t (id int PRIMARY KEY, name text)");
  }
  std::unique_ptr<Connection> connect(Ending const& ending, int port = server().port()) {
    bool const times_out = ending.end == await_no_backend;
    return postgres::driver(
               {.connection =
                    "host=127.0.0.1 user=postgres dbname=postgres port=" + std::to_string(port) +
                    (times_out ? " options='-c idle_in_transaction_session_timeout=200'" : "")},
               clock_, random_)
        ->connect(soon());
  }
  Deadline soon() { return Deadline::after(clock_, 10s); }
  static std::string count() { return server().sql("SELECT count(*) FROM t"); }
  template <class Function>
  static Error error_of(Function function) {
    try {
      function();
    } catch (Error const& error) { return error; }
    throw std::runtime_error{"no error was raised"};
  }
  std::future<Error> commit(Connection& connection) {
    return std::async(std::launch::async, [&connection, this] {
      return error_of([&] { connection.commit(Deadline::after(clock_, 3s)); });
    });
  }
  void insert(Connection& connection, int id) {
    connection.execute("INSERT INTO t VALUES (" + std::to_string(id) + ", 'a')", {}, soon());
  }

  SystemClock clock_;
  SystemRandom random_;
};

TEST_F(PostgresLastWords, are_read_before_a_commit_is_sent) {
  for (auto const& ending : endings) {
    for (auto const access : {Access::read_write, Access::marked_write}) {
      auto const connection = connect(ending);
      connection->begin(access, soon());
      insert(*connection, 1);
      connection->post("INSERT INTO t VALUES (2, 'posted')", {}, soon());
      ending.end();
      auto const error = error_of([&] { connection->commit(soon()); });
      EXPECT_EQ(error.fault(), Fault::broken) << ending.name << ": " << error.what();
      EXPECT_TRUE(tells(error, ending.words));
      EXPECT_TRUE(tells(error, "nothing was committed"));
      EXPECT_FALSE(connection->reset());
      EXPECT_EQ(count(), "0");
    }
  }
}

TEST_F(PostgresLastWords, are_told_by_whatever_is_done_next) {
  for (auto const& ending : endings) {
    auto const executing = connect(ending);
    executing->begin(Access::read_write, soon());
    insert(*executing, 1);
    ending.end();
    EXPECT_TRUE(tells(error_of([&] { insert(*executing, 2); }), ending.words));

    auto const posting = connect(ending);
    posting->begin(Access::read_write, soon());
    insert(*posting, 1);
    ending.end();
    auto const post_many = [&] {
      std::string const large(100'000, 'x');
      std::vector<Parameter> const parameters{large};
      for (int i = 0; i < 500; ++i) posting->post("SELECT length(?)", parameters, soon());
    };
    auto const error = error_of(post_many);
    EXPECT_EQ(error.fault(), Fault::broken);
    EXPECT_TRUE(tells(error, ending.words));
  }
}

TEST_F(PostgresLastWords, say_that_a_commit_on_its_way_was_not_done) {
  for (auto const access : {Access::read_write, Access::marked_write}) {
    TcpProxy proxy{server().port()};
    auto const connection = connect(endings[1], proxy.port());
    connection->begin(access, soon());
    insert(*connection, 1);
    proxy.withhold_requests(1);
    auto outcome = commit(*connection);
    proxy.await_request();
    terminate();
    auto const error = outcome.get();
    EXPECT_EQ(error.fault(), Fault::broken) << error.what();
    EXPECT_TRUE(tells(error, "SQLSTATE 57P01"));
    EXPECT_TRUE(tells(error, "nothing was committed"));
    EXPECT_EQ(count(), "0");
  }
}

// A server that stops at once says so in a warning, wherever the commit has come to.
TEST_F(PostgresLastWords, of_a_server_that_stops_at_once_leave_a_commit_on_its_way_in_doubt) {
  TcpProxy proxy{server().port()};
  auto const connection = connect(endings[1], proxy.port());
  connection->begin(Access::marked_write, soon());
  insert(*connection, 1);
  proxy.withhold_requests(1);
  auto outcome = commit(*connection);
  proxy.await_request();
  server().stop("immediate");
  auto const error = outcome.get();
  server().start();
  EXPECT_EQ(error.fault(), Fault::in_doubt) << error.what();
  EXPECT_TRUE(tells(error, "immediate shutdown"));
}

TEST_F(PostgresLastWords, are_not_needed_where_the_server_refuses_the_commit_itself) {
  server().sql("CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
               "'BEGIN PERFORM pg_sleep(600); RETURN NULL; END';"
               "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED "
               "FOR EACH ROW EXECUTE FUNCTION slow()");
  auto const connection = connect(endings[1]);
  connection->begin(Access::marked_write, soon());
  insert(*connection, 1);
  auto outcome = commit(*connection);
  ASSERT_TRUE(eventually([] {
    return server().sql("SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE state = "
                        "'active' AND query = 'COMMIT'") == "1";
  }));
  auto const error = outcome.get();
  EXPECT_EQ(error.fault(), Fault::transient) << error.what();
  EXPECT_TRUE(tells(error, "canceling statement"));
  EXPECT_TRUE(connection->reset());
}

TEST_F(PostgresLastWords, have_a_transaction_run_again) {
  auto database = postgres::connect({.connection = server().connection()}, {}, clock_, random_);
  int runs = 0;
  database.transact([&](Transaction& tx) {
    tx.execute("INSERT INTO t VALUES (1, 'a')");
    if (++runs == 1) terminate();
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(count(), "1");
}

/// A server that speaks German, where its translations are installed: nothing may hang on words.
class PostgresInGerman : public PostgresLastWords {
 protected:
  static PostgresServer& german() {
    static std::unique_ptr<PostgresServer> const instance = [] {
      ::setenv("LANGUAGE", "de", 1);
      auto made = std::make_unique<PostgresServer>("-c idle_in_transaction_session_timeout=200");
      ::unsetenv("LANGUAGE");
      return made;
    }();
    return *instance;
  }
  Database database_ =
      postgres::connect({.connection = german().connection()}, {}, clock_, random_);
};

TEST_F(PostgresInGerman, a_table_that_changed_under_a_prepared_statement_costs_one_run) {
  german().sql("CREATE TABLE g (id int); INSERT INTO g VALUES (1)");
  int runs = 0;
  auto const columns = [&] {
    return database_.transact([&](Transaction& tx) {
      ++runs;
      return tx.execute("SELECT * FROM g")[0].columns();
    });
  };
  // The first run sends the statement unnamed.
  EXPECT_EQ(columns() + columns(), 2U);
  german().sql("ALTER TABLE g ADD COLUMN name text");
  EXPECT_EQ(columns(), 2U);
  EXPECT_EQ(runs, 4);
}

TEST_F(PostgresInGerman, an_ended_transaction_is_told_and_run_again) {
  german().sql("CREATE TABLE h (id int)");
  int runs = 0;
  database_.transact([&](Transaction& tx) {
    tx.execute("INSERT INTO h VALUES (1)");
    if (++runs == 1) {
      EXPECT_TRUE(eventually([] {
        return german().sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = "
                            "'tram'") == "0";
      }));
    }
  });
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(german().sql("SELECT count(*) FROM h"), "1");
}

class PostgresReadOnly : public PostgresLastWords {
 protected:
  Error refusal(std::string const& options, Access access, char const* first = "SELECT 1") {
    auto const connection =
        postgres::driver({.connection = server().connection() + " " + options}, clock_, random_)
            ->connect(soon());
    connection->begin(access, soon());
    connection->execute(first, {}, soon());
    return error_of([&] { insert(*connection, 1); });
  }
};

TEST_F(PostgresReadOnly, says_which_reason_it_is) {
  auto const by_access = refusal("", Access::read_only);
  EXPECT_EQ(by_access.fault(), Fault::rejected);
  EXPECT_TRUE(tells(by_access, "opened with Access::read_only"));
  auto const by_itself = refusal("", Access::read_write, "SET TRANSACTION READ ONLY");
  EXPECT_EQ(by_itself.fault(), Fault::rejected);
  EXPECT_TRUE(tells(by_itself, "SET TRANSACTION READ ONLY"));
  auto const by_default =
      refusal("options='-c default_transaction_read_only=on'", Access::read_write);
  EXPECT_EQ(by_default.fault(), Fault::broken);
  EXPECT_TRUE(tells(by_default, "default_transaction_read_only is on"));
}

TEST_F(PostgresReadOnly, says_that_a_server_is_a_standby) {
  server().stop("fast");
  server().run_as_owner("touch " + server().folder() + "/data/standby.signal");
  server().start();
  auto const error = refusal("", Access::read_write);
  server().stop("fast");
  server().run_as_owner("rm " + server().folder() + "/data/standby.signal");
  server().start();
  EXPECT_EQ(error.fault(), Fault::broken);
  EXPECT_TRUE(tells(error, "the server is a standby: connect to the primary"));
}

}  // namespace
}  // namespace tram::testing
