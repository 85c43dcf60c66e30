#include <gtest/gtest.h>

#include <sqlite3.h>
#include <tuple>

#include "adopted_outbox.hpp"
#include "tram/base/error.hpp"
#include "tram/sqlite/adopt.hpp"

namespace tram::testing {
namespace {

class SqliteAdopt : public ::testing::Test {
 protected:
  SqliteAdopt() { EXPECT_EQ(sqlite3_open(outbox_.path().c_str(), &connection_), SQLITE_OK); }
  ~SqliteAdopt() override { sqlite3_close(connection_); }
  void run(char const* sql) {
    EXPECT_EQ(sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sql;
  }

  AdoptedOutbox outbox_;
  sqlite3* connection_{};
};

TEST_F(SqliteAdopt, sends_with_the_applications_own_transaction) {
  run("BEGIN");
  run("INSERT INTO orders VALUES (1, 'a')");
  auto tx = sqlite::adopt(connection_);
  insert_message(tx, "1", "order 1 made");
  EXPECT_TRUE(outbox_.relayed().empty());
  run("COMMIT");
  EXPECT_EQ(outbox_.relayed(), std::vector<std::string>{"order 1 made"});
  EXPECT_EQ(outbox_.orders(), 1);
}

TEST_F(SqliteAdopt, sends_nothing_when_the_application_rolls_back) {
  run("BEGIN");
  run("INSERT INTO orders VALUES (1, 'a')");
  auto tx = sqlite::adopt(connection_);
  insert_message(tx, "1", "order 1 made");
  run("ROLLBACK");
  EXPECT_TRUE(outbox_.relayed().empty());
  EXPECT_EQ(outbox_.orders(), 0);
}

TEST_F(SqliteAdopt, leaves_savepoints_to_the_application) {
  run("BEGIN");
  auto tx = sqlite::adopt(connection_);
  insert_message(tx, "1", "kept");
  run("SAVEPOINT attempt");
  insert_message(tx, "2", "taken back");
  run("ROLLBACK TO attempt");
  run("COMMIT");
  EXPECT_EQ(outbox_.relayed(), std::vector<std::string>{"kept"});
}

TEST_F(SqliteAdopt, refuses_to_send_without_a_transaction) {
  try {
    std::ignore = sqlite::adopt(connection_);
    FAIL();
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::rejected); }
}

}  // namespace
}  // namespace tram::testing
