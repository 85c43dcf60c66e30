#include "tram/sql/dialect.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"

namespace tram {
namespace {

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

TEST(InsertOrIgnore, begins_and_ends_as_the_dialect_says) {
  Dialect const by_its_beginning{.insert_or_ignore = "INSERT IGNORE ", .or_ignore = ""};
  EXPECT_EQ(insert_or_ignore(by_its_beginning, "INTO t (a) VALUES (?)"),
            "INSERT IGNORE INTO t (a) VALUES (?)");
  Dialect const by_its_end{.insert_or_ignore = "INSERT ", .or_ignore = " OR NOTHING"};
  EXPECT_EQ(insert_or_ignore(by_its_end, "INTO t (a) VALUES (?)"),
            "INSERT INTO t (a) VALUES (?) OR NOTHING");
}

TEST(Filled, puts_texts_in_all_their_places_and_no_others) {
  EXPECT_EQ(filled("DELETE FROM {inbox} USING {inbox} {other}", {{"inbox", "{other}"}}),
            "DELETE FROM {other} USING {other} {other}");
  EXPECT_EQ(filled("", {{"inbox", "a"}}), "");
}

TEST(SchemaIn, is_no_schema_where_there_are_none) {
  EXPECT_EQ(schema_in(Dialect{.schemas = true}, SchemaName{}).name(), "eventuate");
  EXPECT_EQ(schema_in(Dialect{.schemas = false}, SchemaName{"custom"}).name(), "");
}

}  // namespace
}  // namespace tram
