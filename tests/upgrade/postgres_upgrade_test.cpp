#include <chrono>

#include "part_upgrade_suite.hpp"
#include "postgres_server.hpp"
#include "tram/postgres/change_source.hpp"
#include "tram/postgres/postgres.hpp"

namespace tram::testing {
namespace {

PostgresServer& server() {
  static PostgresServer instance;
  return instance;
}

class PostgresTables {
 public:
  PostgresTables() { server().sql("DROP SCHEMA IF EXISTS eventuate CASCADE"); }
  static std::string tables_of_0_1() { return TRAM_UPGRADE_FILES "/tables_of_0_1.postgresql.sql"; }
  static std::string sql(std::string const& text) { return server().sql(text); }
  static Database database(Clock& clock, Random& random) {
    return postgres::connect({.connection = server().connection()}, {}, clock, random);
  }
  /// `upgrade` ends with a statement that has no end. The server notices late that nobody waits for
  /// it any more.
  static void kill_in_the_middle(auto const& upgrade) {
    auto const work = [&] {
      SystemClock clock;
      SystemRandom random;
      auto own = database(clock, random);
      upgrade(own, "SELECT pg_sleep(1000)");
    };
    auto const count = [](std::string const& what) {
      return sql("SELECT count(" + what + ") FROM pg_stat_activity WHERE state = 'active' AND " +
                 "query LIKE 'SELECT pg_sleep%'");
    };
    testing::kill_in_the_middle(work, [&] { return count("*") == "1"; });
    EXPECT_EQ(count("pg_terminate_backend(pid)"), "1");
    SystemClock clock;
    while (count("*") != "0") clock.pause(std::chrono::milliseconds{1}, {});
  }
  static std::unique_ptr<ChangeSource> source(Clock& clock) {
    return postgres::change_source({.connection = server().connection()}, clock);
  }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, UpgradeSuite, PostgresTables);
INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, PartUpgradeSuite, PostgresTables);

using PostgresUpgrade = UpgradeSuite<PostgresTables>;

// Who may not alter the tables works on them as they are, and is told what the owner can do.
TEST_F(PostgresUpgrade, that_is_the_owners_is_left_to_the_owner) {
  server().sql("DROP ROLE IF EXISTS worker; CREATE ROLE worker LOGIN; GRANT ALL ON SCHEMA "
               "eventuate TO worker; GRANT ALL ON ALL TABLES IN SCHEMA eventuate TO worker; GRANT "
               "CREATE ON DATABASE postgres TO worker");
  auto const as_worker =
      "host=127.0.0.1 port=" + std::to_string(server().port()) + " user=worker dbname=postgres";
  auto database = postgres::connect({.connection = as_worker}, {}, clock_, random_);
  EXPECT_THROW(install_schema(database, SchemaName{}), Error);
  auto const left = prepare_schema(database, SchemaName{});
  EXPECT_NE(left.find("run \"tram schema install\" as their owner, or ALTER TABLE "
                      "eventuate.tram_held_message ADD COLUMN \"cause\" TEXT; ALTER TABLE "
                      "eventuate.tram_relay_held ADD COLUMN \"cause\" TEXT"),
            std::string::npos)
      << left;
  EXPECT_NE(left.find("must be owner"), std::string::npos) << left;
  require_schema(database, SchemaName{});
  expect_rows_of_0_1_understood();
  // The statements alone are enough.
  for (auto const& statement : schema_status(database, SchemaName{}).additions) sql(statement);
  EXPECT_EQ(prepare_schema(database, SchemaName{}), "");
  EXPECT_EQ(causes_of_rows(), (Texts{"a2 key_held", "b1 own_failure"}));
  EXPECT_EQ(coming_back(), Texts{"a2"});
  database_.transact([](Transaction& tx) { tx.execute("DROP OWNED BY worker"); });
}

}  // namespace
}  // namespace tram::testing
