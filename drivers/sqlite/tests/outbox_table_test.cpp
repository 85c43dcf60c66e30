#include "tram/storage/outbox_table.hpp"

#include <gtest/gtest.h>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram {
namespace {

class OutboxTableOnSqlite : public ::testing::Test {
 protected:
  void run(std::string const& sql) {
    database_.transact([&](Transaction& tx) { tx.execute(sql); });
  }
  OutboxTable probe() { return probe_outbox_table(database_, SchemaName{}); }

 private:
  SystemClock clock_;
  SystemRandom random_;
  Database database_{sqlite::connect({.path = sqlite::memory_path(random_)}, {}, clock_, random_)};
};

TEST_F(OutboxTableOnSqlite, tells_types_and_who_makes_the_ids) {
  run("CREATE TABLE message (id VARCHAR(255) PRIMARY KEY, headers TEXT NOT NULL, payload TEXT NOT "
      "NULL)");
  EXPECT_EQ(
      probe(),
      (OutboxTable{.ids = IdSource::application, .headers_type = "text", .payload_type = "text"}));
}

TEST_F(OutboxTableOnSqlite, sees_ids_that_the_database_makes) {
  run("CREATE TABLE MESSAGE (DBID INTEGER PRIMARY KEY, HEADERS TEXT, PAYLOAD TEXT)");
  EXPECT_EQ(probe().ids, IdSource::database);
}

TEST_F(OutboxTableOnSqlite, refuses_a_table_that_is_not_there_or_no_outbox) {
  EXPECT_THROW(probe(), Error);
  run("CREATE TABLE message (id TEXT)");
  try {
    probe();
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_STREQ(error.what(), "sql: table message has no column 'headers', so it is no outbox; "
                               "correct the schema's name");
  }
}

}  // namespace
}  // namespace tram
