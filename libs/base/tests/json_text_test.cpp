#include "tram/base/json_text.hpp"

#include <gtest/gtest.h>

namespace {
using namespace tram;
using namespace std::string_view_literals;

std::string as_json(std::string_view text) {
  std::string out;
  json::append_string(out, text);
  return out;
}

TEST(JsonText, escapes_byte_for_byte_as_java_does) {
  EXPECT_EQ(as_json("a\"b\\c/d\b\f\n\r\t\0\x1f"sv), R"("a\"b\\c/d\b\f\n\r\t\u0000\u001F")");
}

TEST(JsonText, leaves_everything_else_raw) {
  auto const raw = "\x7f <&/'> \u00e9 \u2028 \U0001F600"sv;
  EXPECT_EQ(as_json(raw), "\"" + std::string{raw} + "\"");
}

TEST(JsonText, finds_a_quote_at_every_place_of_a_long_text) {
  for (std::size_t place = 0; place < 40; ++place) {
    std::string text(40,
                     '!');  // '!' follows the quote's neighbours: a borrow in the scan would show
    text[place] = '"';
    auto expected = "\"" + text + "\"";
    expected.insert(place + 1, "\\");
    EXPECT_EQ(as_json(text), expected);
  }
}

TEST(JsonText, replaces_what_is_not_utf8_by_question_marks_and_keeps_the_rest) {
  EXPECT_EQ(as_json("a\xff"
                    "b"),
            R"("a?b")");
  EXPECT_EQ(as_json("a\xC3"), R"("a?")");               // cut off
  EXPECT_EQ(as_json("\xC3\"x"), R"("?\"x")");           // the quote survives
  EXPECT_EQ(as_json("\xC0\xAF"), R"("??")");            // overlong
  EXPECT_EQ(as_json("\xED\xA0\x80z"), R"("?z")");       // an encoded surrogate is one character
  EXPECT_EQ(as_json("\xF4\x90\x80\x80"), R"("????")");  // beyond Unicode
}

TEST(JsonText, appends_without_quotes_for_text_in_pieces) {
  std::string out = "\"";
  json::append_escaped(out, "a\n");
  json::append_escaped(out, "b");
  EXPECT_EQ(out, R"("a\nb)");
}

}  // namespace
