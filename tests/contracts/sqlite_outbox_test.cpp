#include "java_rows.hpp"
#include "outbox_file.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sqlite/adopt.hpp"
#include "tram/sqlite/sqlite.hpp"
#include "tram/testkit/messaging_fixture.hpp"

namespace tram::testkit {
namespace {

struct SqliteHarness {
  SqliteHarness() {
    auto first = database(clock, random);
    install_schema(first, SchemaName{});
  }
  Database database(Clock& its_clock, Random& its_random) {
    return sqlite::connect({.path = path()}, {}, its_clock, its_random);
  }
  [[nodiscard]] std::string path() const { return (folder.path() / "contract.db").string(); }

 private:
  tram::testing::TemporaryFolder folder;
  SystemClock clock;
  SystemRandom random;
};

class OutboxOnSqlite : public MessagingFixture<SqliteHarness> {};

TEST_F(OutboxOnSqlite, writes_what_java_writes) {
  JavaRows rows{this->database_, {.name = "pg-wal"}};
  rows.expect_the_same();
  EXPECT_EQ(rows.checked(), 43);
}

TEST_F(OutboxOnSqlite, sends_in_a_transaction_of_the_client_itself) {
  IdGenerator ids{clock_, {1}};
  auto const outbox = Outbox::of(database_, ids, random_);
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(harness_.path().c_str(), &connection), SQLITE_OK);
  auto const run = [&](char const* sql) {
    EXPECT_EQ(sqlite3_exec(connection, sql, nullptr, nullptr, nullptr), SQLITE_OK);
  };
  run("BEGIN");
  outbox.send(sqlite::adopt(connection), "orders", Message{});
  run("ROLLBACK");
  EXPECT_EQ(count("message"), 0);
  run("BEGIN");
  outbox.send(sqlite::adopt(connection), "orders", Message{});
  run("COMMIT");
  EXPECT_EQ(count("message"), 1);
  sqlite3_close(connection);
}

}  // namespace
}  // namespace tram::testkit
