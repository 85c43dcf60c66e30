#include "tram/json/reader.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <utility>
#include <vector>

#include "tram/base/error.hpp"

namespace {
using namespace tram;
using namespace std::string_literals;
using json::Kind;
using json::Reader;

// The message of the error that reading everything in `text` raises; empty when there is none.
std::string complaint(std::string_view text, json::ReaderOptions const& options = {}) {
  try {
    Reader reader{text, options};
    reader.skip();
    reader.finish();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::malformed);
    return error.what();
  }
  return "";
}

TEST(JsonReader, walks_a_flat_object_in_order_with_repeated_names) {
  Reader reader{R"( {"b":"x\"\u00e9","a":1.50,"b":true,"c":null} )"};
  reader.enter_object();
  EXPECT_EQ(reader.next_member(), "b");
  EXPECT_EQ(reader.kind(), Kind::string);
  EXPECT_EQ(reader.string(), "x\"\u00e9");
  EXPECT_EQ(reader.next_member(), "a");
  EXPECT_EQ(reader.kind(), Kind::number);
  EXPECT_EQ(reader.number(), "1.50");
  EXPECT_EQ(reader.next_member(), "b");
  EXPECT_EQ(reader.kind(), Kind::boolean);
  EXPECT_TRUE(reader.boolean());
  EXPECT_EQ(reader.next_member(), "c");
  EXPECT_TRUE(reader.null());
  EXPECT_EQ(reader.next_member(), std::nullopt);
  reader.finish();
}

TEST(JsonReader, keeps_its_views_until_the_end_though_the_text_is_gone) {
  auto text = std::make_unique<std::string>(R"({"name":"a long text beyond any small buffer"})");
  Reader reader{*text};
  text.reset();
  reader.enter_object();
  auto const name = reader.next_member();
  auto const value = reader.string();
  EXPECT_EQ(reader.next_member(), std::nullopt);
  EXPECT_EQ(name, "name");
  EXPECT_EQ(value, "a long text beyond any small buffer");
}

TEST(JsonReader, walks_nested_values_and_skips_what_nobody_takes) {
  Reader reader{R"([1,{"a":[true,{}],"b":2},[],"x"])"};
  reader.enter_array();
  ASSERT_TRUE(reader.next_element());
  EXPECT_EQ(reader.signed_integer(), 1);
  ASSERT_TRUE(reader.next_element());
  reader.enter_object();
  EXPECT_EQ(reader.next_member(), "a");
  EXPECT_EQ(reader.next_member(), "b");
  EXPECT_EQ(reader.unsigned_integer(), 2U);
  EXPECT_EQ(reader.next_member(), std::nullopt);
  ASSERT_TRUE(reader.next_element());
  reader.enter_array();
  EXPECT_FALSE(reader.next_element());
  ASSERT_TRUE(reader.next_element());
  EXPECT_EQ(reader.string(), "x");
  EXPECT_FALSE(reader.next_element());
  reader.finish();
}

TEST(JsonReader, accepts_exactly_the_json_of_the_standard) {
  for (auto const* text : {"null", "true", " 1 ", "-0", "0.5", "1e+5", "1E5", "\"x\"", "{}", "[]",
                           "[[],{}]", R"("\ud83d\ude00")", R"({"":{"a":[1,2,3]}})"}) {
    EXPECT_EQ(complaint(text), "") << text;
  }
  for (auto const* text : {"",           " ",
                           "nul",        "nulls",
                           "True",       "NaN",
                           "Infinity",   "+1",
                           "01",         "-",
                           "1.",         ".5",
                           "1e",         "1e+",
                           "0x1",        "'x'",
                           "\"x",        "\"\\x\"",
                           "\"\\u12\"",  "{",
                           "}",          "[",
                           "]",          "{]",
                           "[}",         "[1",
                           "[1,]",       "[,1]",
                           "[1 2]",      "{\"a\"}",
                           "{\"a\":}",   "{\"a\" 1}",
                           "{\"a\":1,}", "{\"a\":1 \"b\":2}",
                           "{a:1}",      "{1:1}",
                           "1 2",        "1,2",
                           "1],[2",      "]",
                           "{} x",       "[]]",
                           "{}}",        "// x",
                           "\"\n\"",     "{\"a\":tru}",
                           "[nul]",      "[1.2.3]",
                           "\"a\"\"b\"", ","}) {
    EXPECT_NE(complaint(text), "") << text;
  }
}

TEST(JsonReader, refuses_a_lone_surrogate_and_invalid_utf8) {
  EXPECT_EQ(complaint(R"({"a":"\ud800"})"),
            "json.a: a string holds a wrong escape or an unpaired surrogate");
  EXPECT_NE(complaint(R"("\udc00x")"), "");
  EXPECT_NE(complaint(R"("\ud800\u0041")"), "");
  EXPECT_EQ(complaint("\"\xff\""), "json: the text is not valid UTF-8");
  EXPECT_NE(complaint("\"\xED\xA0\x80\""), "");
}

TEST(JsonReader, holds_a_null_byte_for_what_it_is) {
  EXPECT_NE(complaint("1\0"s), "");
  EXPECT_NE(complaint("\"\0\""s), "");
}

TEST(JsonReader, limits_depth_and_size) {
  auto const nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(complaint(nested(64)), "");
  EXPECT_NE(complaint(nested(65)).find("nested deeper than 64 levels"), std::string::npos);
  EXPECT_NE(complaint(nested(10'000)).find("nested deeper than 64 levels"), std::string::npos);
  EXPECT_NE(complaint(std::string(10'000, '{')), "");
  EXPECT_EQ(complaint("[1,2,3,4,5]", {.bytes_max = 10}), "json: expected at most 10 bytes, got 11");
  EXPECT_NE(complaint(std::string(10'000'000, ' ')).find("got 10000000"), std::string::npos);
}

TEST(JsonReader, takes_integers_of_the_full_range_and_no_others) {
  EXPECT_EQ(Reader{"-9223372036854775808"}.signed_integer(),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Reader{"9223372036854775807"}.signed_integer(),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(Reader{"18446744073709551615"}.unsigned_integer(),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_THROW(Reader{"9223372036854775808"}.signed_integer(), Error);
  EXPECT_THROW(Reader{"18446744073709551616"}.unsigned_integer(), Error);
  EXPECT_THROW(Reader{"-1"}.unsigned_integer(), Error);
  EXPECT_THROW(Reader{"1.9"}.signed_integer(), Error);
  EXPECT_THROW(Reader{"1.0"}.signed_integer(), Error);
  EXPECT_THROW(Reader{"1e3"}.signed_integer(), Error);
  EXPECT_THROW(Reader{"\"1\""}.signed_integer(), Error);
}

TEST(JsonReader, takes_quoted_numbers_under_the_rest_policy_only) {
  json::ReaderOptions const rest{.policy = json::Policy::rest};
  EXPECT_EQ((Reader{"\"12\"", rest}.signed_integer()), 12);
  EXPECT_EQ((Reader{"\"1.50\"", rest}.number()), "1.50");
  EXPECT_EQ((Reader{"\"1.5\"", rest}.floating_point()), 1.5);
  EXPECT_THROW((Reader{"\" 12\"", rest}.signed_integer()), Error);
  EXPECT_THROW((Reader{"\"\"", rest}.number()), Error);
}

TEST(JsonReader, tells_the_path_of_a_fault) {
  Reader reader{R"({"lines":[{"quantity":1},{"a b":{"quantity":"x"}}]})", {.subject = "Order"}};
  reader.enter_object();
  reader.next_member();
  reader.enter_array();
  reader.next_element();
  reader.next_element();
  reader.enter_object();
  reader.next_member();
  reader.enter_object();
  reader.next_member();
  try {
    reader.signed_integer();
    FAIL() << "a string is no integer";
  } catch (Error const& error) {
    EXPECT_STREQ(error.what(), "Order.lines[1][\"a b\"].quantity: expected an integer, got \"x\"");
  }
}

TEST(JsonReader, is_usable_inside_another_and_again_after_a_fault) {
  Reader outer{R"(["[1]","[2"])"};
  outer.enter_array();
  outer.next_element();
  Reader inner{outer.string()};
  inner.enter_array();
  inner.next_element();
  EXPECT_EQ(inner.signed_integer(), 1);
  outer.next_element();
  EXPECT_NE(complaint(outer.string()), "");
  EXPECT_EQ(complaint("[1]"), "");
}

}  // namespace
