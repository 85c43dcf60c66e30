#include "tram/wire/storable_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tram {
namespace {

using namespace std::string_view_literals;

TEST(StorableText, is_any_utf_8_without_nul) {
  EXPECT_EQ(find_unstorable(""), std::string_view::npos);
  EXPECT_EQ(find_unstorable("Z\u00fcrich \u6771\u4eac \U0001F600 \x01\x7f"),
            std::string_view::npos);
}

TEST(StorableText, ends_at_the_first_byte_that_no_database_takes) {
  EXPECT_EQ(find_unstorable("ab\0c"sv), 2U);
  EXPECT_EQ(find_unstorable("ab\xff"), 2U);
  EXPECT_EQ(find_unstorable("a\xed\xa0\x80"), 1U);
  EXPECT_EQ(find_unstorable("a\0\xff"sv), 1U);
  EXPECT_EQ(find_unstorable("a\xff\0"sv), 1U);
  EXPECT_EQ(find_no_utf8("a\0\xff"sv), 2U);
}

TEST(StorableText, is_looked_through_to_its_last_byte_however_long_it_is) {
  for (std::size_t size = 1; size < 80; ++size) {
    EXPECT_EQ(find_no_utf8(std::string(size, 'a')), std::string_view::npos);
    for (std::size_t at = 0; at < size; ++at) {
      std::string text(size, 'a');
      text[at] = '\xff';
      EXPECT_EQ(find_no_utf8(text), at) << size;
      text.replace(at, 1, "\u00fc");
      EXPECT_EQ(find_no_utf8(text), std::string_view::npos) << size << " " << at;
      text.push_back('\x80');
      EXPECT_EQ(find_no_utf8(text), size + 1) << at;
    }
  }
}

}  // namespace
}  // namespace tram
