#include "every_value.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram::testing {
namespace {

class SqliteValues : public ::testing::Test {
 protected:
  SystemClock clock;
  SystemRandom random;
  Database database = sqlite::connect({.path = sqlite::memory_path(random)}, {}, clock, random);
};

/// A column of type NUMERIC would make a double of a decimal: TEXT keeps it.
TEST_F(SqliteValues, of_every_type_come_back) {
  expect_every_value_back(database, {.boolean = "BOOLEAN",
                                     .real = "REAL",
                                     .decimal = "TEXT",
                                     .uuid = "TEXT",
                                     .bytes = "BLOB",
                                     .moment = "TEXT",
                                     .day = "TEXT",
                                     .duration = "TEXT"});
}

TEST_F(SqliteValues, that_do_not_fit_are_named) { expect_misfits_named(database); }

TEST_F(SqliteValues, are_written_at_every_isolation) {
  for (auto const isolation : {Isolation::read_committed, Isolation::serializable}) {
    database.transact({.isolation = isolation}, [](Transaction& tx) { tx.execute("SELECT 1"); });
  }
}

}  // namespace
}  // namespace tram::testing
