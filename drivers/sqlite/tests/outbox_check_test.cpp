#include "tram/sqlite/outbox_check.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "outbox_file.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/sqlite/change_source.hpp"

namespace tram::sqlite {
namespace {

using testing::OutboxFile;
using testing::RawConnection;

class SqliteOutboxCheck : public ::testing::Test {
 protected:
  std::vector<Finding> check(std::string const& table, std::string const& path) {
    return check_outbox({.path = path, .table = table}, clock_, random_);
  }
  std::vector<Finding> check(std::string const& table) { return check(table, file_.path()); }
  /// Of one that is wrong; empty when nothing is.
  static std::string wrong(std::vector<Finding> const& findings) {
    for (auto const& finding : findings) {
      if (!finding.good) return finding.subject + ": " + finding.text;
    }
    return "";
  }

  OutboxFile file_;
  SystemClock clock_;
  SystemRandom random_;
};

TEST_F(SqliteOutboxCheck, finds_the_outbox) {
  auto const findings = check("message");
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(wrong(findings), "");
}

TEST_F(SqliteOutboxCheck, says_that_there_is_no_such_table) {
  EXPECT_EQ(wrong(check("nosuch")), "outbox: table 'nosuch' does not exist; correct its name");
}

TEST_F(SqliteOutboxCheck, says_what_a_table_lacks) {
  RawConnection{file_.path()}.run("CREATE TABLE other (id TEXT, payload TEXT)");
  EXPECT_EQ(wrong(check("other")), "outbox: table 'other' is no outbox of Tram: it lacks 'seq', "
                                   "'destination', 'headers', 'published'; correct its name");
}

TEST_F(SqliteOutboxCheck, names_a_column_that_changes_what_is_written_and_so_does_the_relay) {
  RawConnection const raw{file_.path()};
  auto const table = [&](std::string const& name, std::string const& payload) {
    raw.run("CREATE TABLE " + name +
            " (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, destination "
            "TEXT, headers JSON, payload " +
            payload + ", published INT)");
    auto const found = wrong(check(name));
    std::string refused;
    try {
      change_source({.path = file_.path(), .table = name}, clock_)->read(10);
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      refused = error.what();
    }
    EXPECT_EQ(found.empty(), refused.empty()) << found << refused;
    return found;
  };
  int number = 0;
  for (auto const* const type : {"TEXT", "BLOB", "VARCHAR(10)", "", "CLOB"}) {
    ++number;
    EXPECT_EQ(table("good_" + std::to_string(number), type), "") << type;
  }
  raw.run("CREATE TABLE kept (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT, destination TEXT, "
          "headers TEXT, "
          "payload ANY, published INT) STRICT");
  EXPECT_EQ(wrong(check("kept")), "");
  for (auto const* const type : {"STRING", "JSON", "NUMERIC", "INTEGER", "REAL", "ANY"}) {
    ++number;
    EXPECT_EQ(table("bad_" + std::to_string(number), type),
              "outbox: table 'bad_" + std::to_string(number) + "' column 'payload' has type '" +
                  type +
                  "', which SQLite turns into a number where it looks like one; declare it "
                  "TEXT");
  }
}

/// The relay would take a new row for one that it has published.
TEST_F(SqliteOutboxCheck, refuses_tables_that_may_give_a_number_twice_and_so_does_the_relay) {
  RawConnection const raw{file_.path()};
  std::string const columns{"id TEXT, destination TEXT, headers TEXT, payload TEXT, published INT"};
  raw.run("CREATE TABLE again (seq INTEGER PRIMARY KEY, " + columns + ")");
  raw.run("CREATE TABLE chosen (seq INTEGER PRIMARY KEY, " + columns + ") WITHOUT ROWID");
  raw.run("CREATE VIEW seen AS SELECT * FROM message");
  for (std::string const name : {"again", "chosen", "seen"}) {
    std::string refused;
    try {
      change_source({.path = file_.path(), .table = name}, clock_)->read(10);
    } catch (Error const& error) { refused = error.what(); }
    auto const wanted = name == "seen" ? "name the table that its rows are written to"
                                       : "\"seq INTEGER PRIMARY KEY AUTOINCREMENT\"";
    EXPECT_NE(refused.find(wanted), std::string::npos) << name << refused;
    EXPECT_NE(wrong(check(name)).find(wanted), std::string::npos) << wrong(check(name));
  }
}

TEST_F(SqliteOutboxCheck, says_that_there_is_no_file_and_makes_none) {
  auto const path = file_.path() + ".mistyped";
  auto const text = wrong(check("message", path));
  EXPECT_NE(text.find("there is no file '" + path + "'"), std::string::npos) << text;
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(SqliteOutboxCheck, says_that_a_file_is_no_database) {
  auto const path = file_.path() + ".txt";
  std::ofstream{path} << std::string(1000, 'x');
  auto const text = wrong(check("message", path));
  EXPECT_NE(text.find("database: "), std::string::npos) << text;
}

}  // namespace
}  // namespace tram::sqlite
