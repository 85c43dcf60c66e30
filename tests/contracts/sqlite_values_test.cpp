#include "every_value.hpp"
#include "outbox_file.hpp"
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

/// The prepared statement was made before another process changed the table.
TEST_F(SqliteValues, keep_their_columns_when_another_connection_adds_one) {
  TemporaryFolder const folder;
  auto const path = (folder.path() / "values.db").string();
  auto ours = sqlite::connect({.path = path}, {.connections_max = 1}, clock, random);
  auto others = sqlite::connect({.path = path}, {}, clock, random);
  ours.transact([](Transaction& tx) {
    tx.execute("CREATE TABLE pair (a INTEGER, b INTEGER)");
    tx.execute("INSERT INTO pair VALUES (1, 2), (3, 4)");
  });
  struct Pair {
    int a{};
    int b{};
    bool operator==(Pair const&) const = default;
  };
  auto const all = [&] {
    return ours.transact(
        [](Transaction& tx) { return tx.execute("SELECT * FROM pair").as<Pair>(); });
  };
  std::vector<Pair> const expected{{1, 2}, {3, 4}};
  EXPECT_EQ(all(), expected);
  others.transact([](Transaction& tx) { tx.execute("ALTER TABLE pair ADD COLUMN c INTEGER"); });
  EXPECT_EQ(all(), expected);
}

TEST_F(SqliteValues, are_written_at_every_isolation) {
  for (auto const isolation : {Isolation::read_committed, Isolation::serializable}) {
    database.transact({.isolation = isolation}, [](Transaction& tx) { tx.execute("SELECT 1"); });
  }
}

}  // namespace
}  // namespace tram::testing
