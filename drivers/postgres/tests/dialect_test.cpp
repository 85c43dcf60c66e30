#include "tram/postgres/dialect.hpp"

#include <gtest/gtest.h>

#include "tram/schema/schema.hpp"

namespace tram::postgres {
namespace {

TEST(PostgresDialect, casts_text_to_the_type_of_its_column) {
  EXPECT_EQ(dialect.text_placeholder("jsonb"), "?::jsonb");
  EXPECT_EQ(dialect.text_placeholder("character"), "?");
  EXPECT_EQ(dialect.text_placeholder("bytea"), "convert_to(?, 'UTF8')");
}

TEST(PostgresDialect, stamps_rows_as_the_platform_does) {
  EXPECT_EQ(dialect.now_milliseconds, "(ROUND(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * 1000))");
}

TEST(PostgresDialect, writes_a_list_as_an_array) {
  std::string list;
  dialect.append_to_list(list, R"(a "b" \c})");
  EXPECT_EQ(list, R"({"a \"b\" \\c}"})");
  dialect.append_to_list(list, "");
  EXPECT_EQ(list, R"({"a \"b\" \\c}",""})");
}

TEST(PostgresDialect, prints_the_schema_with_its_name) {
  auto const text = print_schema(dialect, SchemaName{"custom"});
  EXPECT_EQ(text.find("CREATE SCHEMA IF NOT EXISTS custom;\n"), 0U);
  EXPECT_NE(text.find("CREATE TABLE IF NOT EXISTS custom.message ("), std::string::npos);
  EXPECT_EQ(print_schema(dialect, SchemaName::none()).find("CREATE SCHEMA"), std::string::npos);
}

}  // namespace
}  // namespace tram::postgres
