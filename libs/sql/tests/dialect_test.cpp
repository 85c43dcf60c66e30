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
