// In a file of its own: SOCI puts SQLite's header into a namespace.
#include <gtest/gtest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "adopted_outbox.hpp"
#include "on_soci.hpp"
#include "tram/adapters/soci_sqlite.hpp"
#include "tram/base/error.hpp"

namespace tram::testing {
namespace {

class SqliteAdoptSoci : public ::testing::Test {
 protected:
  AdoptedOutbox outbox_;
  soci::session session_{soci::sqlite3, "dbname=" + outbox_.path()};
};

TEST_F(SqliteAdoptSoci, sends_with_a_transaction_of_soci) {
  soci::transaction transaction{session_};
  session_ << "INSERT INTO orders VALUES (1, 'a')";
  auto tx = on_soci(session_);
  insert_message(tx, "1", "it's order ? 1 made");
  EXPECT_TRUE(outbox_.relayed().empty());
  transaction.commit();
  EXPECT_EQ(outbox_.relayed(), std::vector<std::string>{"it's order ? 1 made"});
  EXPECT_EQ(outbox_.orders(), 1);
}

TEST_F(SqliteAdoptSoci, sends_nothing_when_soci_rolls_back) {
  {
    soci::transaction const transaction{session_};
    session_ << "INSERT INTO orders VALUES (1, 'a')";
    auto tx = on_soci(session_);
    insert_message(tx, "1", "order 1 made");
  }
  EXPECT_TRUE(outbox_.relayed().empty());
  EXPECT_EQ(outbox_.orders(), 0);
}

TEST_F(SqliteAdoptSoci, sends_on_the_connection_below_soci) {
  std::vector<std::byte> const bytes{std::byte{0}, std::byte{255}};
  session_ << "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, content BLOB)";
  {
    soci::transaction transaction{session_};
    auto tx = soci_sqlite::adopt(session_);
    insert_message(tx, "1", "rolled back");
    transaction.rollback();
  }
  EXPECT_THROW(soci_sqlite::adopt(session_), Error);
  soci::transaction transaction{session_};
  session_ << "INSERT INTO orders VALUES (1, 'a')";
  auto tx = soci_sqlite::adopt(session_);
  insert_message(tx, "1", "order 1 made");
  tx.execute("INSERT INTO t VALUES (?, ?, ?)", 1, std::nullopt, bytes);
  EXPECT_THROW(tx.execute("INSERT INTO t VALUES (?, ?, ?)", 1, "again", bytes), Error);
  // SQLite undoes the statement alone, and SOCI's transaction continues.
  session_ << "INSERT INTO orders VALUES (2, 'b')";
  auto const row = tx.execute("SELECT name, content FROM t").one();
  EXPECT_TRUE(row.is_null(0));
  EXPECT_EQ(row.get<std::vector<std::byte>>(1), bytes);
  EXPECT_TRUE(outbox_.relayed().empty());
  transaction.commit();
  EXPECT_EQ(outbox_.relayed(), std::vector<std::string>{"order 1 made"});
  EXPECT_EQ(outbox_.orders(), 2);
}

TEST_F(SqliteAdoptSoci, refuses_a_session_without_a_connection) {
  soci::session session;
  EXPECT_THROW(soci_sqlite::adopt(session), Error);
}

}  // namespace
}  // namespace tram::testing
