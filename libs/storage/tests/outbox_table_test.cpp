#include "tram/storage/outbox_table.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>

#include "tram/base/error.hpp"
#include "tram/sql/function_executor.hpp"

namespace tram {
namespace {

class OutboxTableOnSqlite : public ::testing::Test {
 protected:
  OutboxTableOnSqlite() { sqlite3_open(":memory:", &database_); }
  ~OutboxTableOnSqlite() override { sqlite3_close(database_); }

  void run(char const* sql) { sqlite3_exec(database_, sql, nullptr, nullptr, nullptr); }
  OutboxTable probe() {
    FunctionExecutor tx{[this](std::string_view sql, Parameters) { return query(sql); }};
    return probe_outbox_table(tx, sqlite_dialect(), SchemaName{});
  }
  Rows query(std::string_view sql) {
    sqlite3_stmt* statement = nullptr;
    sqlite3_prepare_v2(database_, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
    std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> const owner{statement, sqlite3_finalize};
    auto const columns = sqlite3_column_count(statement);
    std::vector<Cell> cells;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      for (int column = 0; column < columns; ++column) {
        cells.emplace_back(
            std::string{reinterpret_cast<char const*>(sqlite3_column_text(statement, column))});
      }
    }
    return Rows{static_cast<std::size_t>(columns), std::move(cells), 0};
  }

 private:
  sqlite3* database_{};
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
