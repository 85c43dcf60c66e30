#include <gtest/gtest.h>
#include <sqlite3.h>

#include <memory>

#include "token_soup.hpp"
#include "tram/sqlite/dialect.hpp"

namespace tram {
namespace {

// The arguments of a module may be any tokens, with balanced parentheses.
TEST(StatementTextOnSqlite, agrees_with_the_database) {
  sqlite3* opened = nullptr;
  sqlite3_open(":memory:", &opened);
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> const database{opened, sqlite3_close};
  auto const accepts = [&](std::string const& soup) {
    auto const sql = "CREATE VIRTUAL TABLE t USING m(a " + soup + "\n)";
    sqlite3_stmt* statement = nullptr;
    int const code = sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &statement, nullptr);
    sqlite3_finalize(statement);
    return code == SQLITE_OK;
  };
  constexpr std::uint64_t seed = 20'261'130;
  SeededRandom random{seed};
  auto const found =
      testing::compare_with_lexer(random, 100'000, sqlite::dialect.lexical_rules, accepts);
  EXPECT_EQ(found.difference, "") << "seed " << seed;
  EXPECT_GT(found.soups, 1'000);
  EXPECT_GT(found.open, 1'000);
  EXPECT_GT(found.question_marks - found.open, 1'000);
}

}  // namespace
}  // namespace tram
