#include "tram/wire/name_text.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::string_literals;
using tram::problem_of_name;

TEST(NameText, is_any_text_that_can_be_written_down_on_one_line) {
  for (auto const* name : {"7", "orders.Order", "a b", "Müller", "😀", "{}[]\\'\""}) {
    EXPECT_EQ(problem_of_name(name), "") << name;
  }
  EXPECT_EQ(problem_of_name(std::string(tram::name_size_max, 'x')), "");
}

TEST(NameText, is_not_what_a_receiver_cannot_use) {
  EXPECT_EQ(problem_of_name(""), "is empty");
  EXPECT_EQ(problem_of_name("ab\0"s), "holds a NUL at byte 3");
  for (auto const* name : {"a\nb", "a\tb", "a\x1f", "a\x7f"}) {
    EXPECT_EQ(problem_of_name(name), "holds a control character at byte 2") << name;
  }
  EXPECT_EQ(problem_of_name("M\xfcller"), "is no UTF-8 at byte 2");
  EXPECT_EQ(problem_of_name("\xed\xa0\x80"), "is no UTF-8 at byte 1");
  EXPECT_EQ(problem_of_name("\xff\n"), "is no UTF-8 at byte 1");
  EXPECT_EQ(problem_of_name("\n\xff"), "holds a control character at byte 1");
  EXPECT_EQ(problem_of_name(std::string(4097, 'x')),
            "has 4097 bytes, more than the 4096 of a name");
}

}  // namespace
