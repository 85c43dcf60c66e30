#include "every_value.hpp"
#include "postgres_server.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/postgres/postgres.hpp"

namespace tram::testing {
namespace {

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

class PostgresValues : public ::testing::Test {
 protected:
  PostgresValues() {
    server().sql("DROP TABLE IF EXISTS every_value; DROP TABLE IF EXISTS account");
  }
  Database connect(postgres::Statements statements = postgres::Statements::prepared) {
    return postgres::connect({.connection = server().connection(), .statements = statements}, {},
                             clock, random);
  }
  void set_on_database(std::string const& setting) {
    server().sql("ALTER DATABASE postgres SET " + setting);
  }

  static EveryColumn columns() {
    return {.boolean = "boolean",
            .real = "double precision",
            .decimal = "numeric",
            .uuid = "uuid",
            .bytes = "bytea",
            .moment = "timestamptz",
            .day = "date",
            .duration = "interval"};
  }

  SystemClock clock;
  SystemRandom random;
};

TEST_F(PostgresValues, of_every_type_come_back) {
  auto database = connect();
  expect_every_value_back(database, columns());
}

TEST_F(PostgresValues, come_back_without_prepared_statements) {
  auto database = connect(postgres::Statements::unnamed);
  expect_every_value_back(database, columns());
}

TEST_F(PostgresValues, come_back_whatever_the_session_writes) {
  for (auto const* const setting :
       {"timezone = 'Asia/Kathmandu'", "bytea_output = 'escape'", "intervalstyle = 'iso_8601'"}) {
    server().sql("DROP TABLE IF EXISTS every_value");
    set_on_database(setting);
    auto database = connect();
    expect_every_value_back(database, columns());
    std::string const name{setting};
    server().sql("ALTER DATABASE postgres RESET " + name.substr(0, name.find(' ')));
  }
}

TEST_F(PostgresValues, are_kept_in_columns_of_text_and_timestamps_without_a_zone) {
  auto database = connect();
  auto types = columns();
  types.decimal = types.uuid = "text";
  types.moment = "timestamp";
  expect_every_value_back(database, types);
}

TEST_F(PostgresValues, that_do_not_fit_are_named) {
  auto database = connect();
  expect_misfits_named(database);
}

TEST_F(PostgresValues, of_a_duration_do_not_become_a_number_in_silence) {
  auto database = connect();
  server().sql("CREATE TABLE account (id bigint)");
  EXPECT_THROW(database.transact([](Transaction& tx) {
    tx.execute("INSERT INTO account VALUES (?)", std::chrono::milliseconds{5});
  }),
               Error);
}

/// Two transactions read both accounts and write one each: together they break a rule that each
/// alone keeps. Serializable ones do not, and the loser runs again.
TEST_F(PostgresValues, are_read_and_written_at_the_isolation_that_was_asked_for) {
  auto database = connect();
  server().sql(
      "CREATE TABLE account (id int, amount int); INSERT INTO account VALUES (1, 60), (2, 60)");
  auto const isolation_of = [&](Isolation isolation) {
    return database.transact({.isolation = isolation}, [](Transaction& tx) {
      return tx.execute("SHOW transaction_isolation").one<std::string>();
    });
  };
  EXPECT_EQ(isolation_of(Isolation::by_default), "read committed");
  EXPECT_EQ(isolation_of(Isolation::repeatable_read), "repeatable read");
  EXPECT_EQ(isolation_of(Isolation::serializable), "serializable");
  EXPECT_EQ(isolation_of(Isolation::by_default), "read committed") << "it does not stay";
  auto const withdraw = [&](Transaction& tx, int id) {
    auto const all = tx.execute("SELECT sum(amount) FROM account").one<int>();
    if (all >= 100) tx.execute("UPDATE account SET amount = amount - 100 WHERE id = ?", id);
  };
  int runs = 0;
  database.transact({.isolation = Isolation::serializable}, [&](Transaction& tx) {
    auto const all = tx.execute("SELECT sum(amount) FROM account").one<int>();
    if (++runs == 1) {
      database.transact({.isolation = Isolation::serializable},
                        [&](Transaction& other) { withdraw(other, 2); });
    }
    if (all >= 100) tx.execute("UPDATE account SET amount = amount - 100 WHERE id = 1");
  });
  EXPECT_EQ(runs, 2) << "the first met a conflict";
  EXPECT_EQ(database.transact([](Transaction& tx) {
    return tx.execute("SELECT sum(amount) FROM account").one<int>();
  }),
            20);
}

}  // namespace
}  // namespace tram::testing
