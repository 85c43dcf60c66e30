// In a file of its own: SOCI puts SQLite's header into a namespace.
#include <gtest/gtest.h>

#include "adopted_outbox.hpp"
#include "on_soci.hpp"
#include "tram/sqlite/adopt.hpp"

#include <soci/sqlite3/soci-sqlite3.h>

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

TEST_F(SqliteAdoptSoci, adopts_the_connection_below_soci) {
  soci::transaction transaction{session_};
  auto* const backend = static_cast<soci::sqlite3_session_backend*>(session_.get_backend());
  // SOCI's name for the same type.
  auto tx = sqlite::adopt(reinterpret_cast<::sqlite3*>(backend->conn_));
  insert_message(tx, "1", "order 1 made");
  transaction.commit();
  EXPECT_EQ(outbox_.relayed(), std::vector<std::string>{"order 1 made"});
}

}  // namespace
}  // namespace tram::testing
