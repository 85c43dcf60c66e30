#include "tram/sql/dialect.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"

namespace tram {
namespace {

TEST(NumberPlaceholders, counts_from_one) {
  EXPECT_EQ(number_placeholders("INSERT INTO t (a, b) VALUES (?, ?)"),
            "INSERT INTO t (a, b) VALUES ($1, $2)");
  EXPECT_EQ(number_placeholders("SELECT 1"), "SELECT 1");
  EXPECT_EQ(number_placeholders(""), "");
}

TEST(NumberPlaceholders, a_doubled_one_is_a_question_mark) {
  EXPECT_EQ(number_placeholders("SELECT a ?? ?"), "SELECT a ? $1");
}

TEST(NumberPlaceholders, leaves_texts_names_and_comments_alone) {
  EXPECT_EQ(number_placeholders("SELECT '?' || ?"), "SELECT '?' || $1");
  EXPECT_EQ(number_placeholders("SELECT 'it''s ?' || ?"), "SELECT 'it''s ?' || $1");
  EXPECT_EQ(number_placeholders("SELECT E'\\'?' || ?"), "SELECT E'\\'?' || $1");
  EXPECT_EQ(number_placeholders("SELECT 'a\\' || ?"), "SELECT 'a\\' || $1");
  EXPECT_EQ(number_placeholders("SELECT \"?\" = ?"), "SELECT \"?\" = $1");
  EXPECT_EQ(number_placeholders("SELECT 1 -- why?\n = ?"), "SELECT 1 -- why?\n = $1");
  EXPECT_EQ(number_placeholders("SELECT /* ? /* ? */ ? */ ?"), "SELECT /* ? /* ? */ ? */ $1");
  EXPECT_EQ(number_placeholders("SELECT $$?$$ || $a$?$b$?$a$ || ?"),
            "SELECT $$?$$ || $a$?$b$?$a$ || $1");
}

TEST(NumberPlaceholders, survives_what_has_no_end) {
  for (auto const* const sql :
       {"SELECT '?", "SELECT \"?", "SELECT /* ?", "SELECT -- ?", "SELECT $a$?", "SELECT E'\\"}) {
    EXPECT_EQ(number_placeholders(sql), sql);
  }
}

TEST(SchemaName, qualifies_as_the_java_platform_does) {
  EXPECT_EQ(SchemaName{}.qualify("message"), "eventuate.message");
  EXPECT_EQ(SchemaName{"custom"}.qualify("message"), "custom.message");
  EXPECT_EQ(SchemaName::none().qualify("message"), "message");
  EXPECT_EQ(SchemaName::none().name(), "");
}

TEST(SchemaName, refuses_what_would_need_quotes) {
  for (auto const* const name : {"a b", "a;b", "a.b", "\"a\"", "ä"}) {
    try {
      SchemaName const schema{name};
      FAIL() << name;
    } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::rejected); }
  }
}

TEST(InsertOrIgnore, follows_the_dialect) {
  EXPECT_EQ(insert_or_ignore(postgres_dialect(), "INTO t (a) VALUES (?)"),
            "INSERT INTO t (a) VALUES (?) ON CONFLICT DO NOTHING");
  EXPECT_EQ(insert_or_ignore(sqlite_dialect(), "INTO t (a) VALUES (?)"),
            "INSERT INTO t (a) VALUES (?) ON CONFLICT DO NOTHING");
  EXPECT_EQ(insert_or_ignore(mysql_dialect(), "INTO t (a) VALUES (?)"),
            "INSERT IGNORE INTO t (a) VALUES (?)");
}

}  // namespace
}  // namespace tram
