#include "tram/sql/parameter.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"

namespace tram {
namespace {

Parameter::Value bound(Parameter const& parameter) { return parameter.value(); }

TEST(Parameter, takes_integers_of_all_sizes) {
  EXPECT_EQ(bound(std::size_t{7}), Parameter::Value{std::int64_t{7}});
  EXPECT_EQ(bound(std::uint8_t{200}), Parameter::Value{std::int64_t{200}});
  EXPECT_EQ(bound(-7), Parameter::Value{std::int64_t{-7}});
  EXPECT_EQ(bound(std::uint64_t{INT64_MAX}), Parameter::Value{std::int64_t{INT64_MAX}});
}

TEST(Parameter, refuses_a_number_that_no_database_has) {
  try {
    bound(std::uint64_t{INT64_MAX} + 1);
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_STREQ(error.what(),
                 "sql: 9223372036854775808 is larger than the integers of a database; bind it as "
                 "text");
  }
}

TEST(Parameter, takes_truth_numbers_and_text) {
  EXPECT_EQ(bound(true), Parameter::Value{std::int64_t{1}});
  EXPECT_EQ(bound(1.5F), Parameter::Value{1.5});
  EXPECT_EQ(bound("text"), Parameter::Value{std::string_view{"text"}});
  std::string text{"text"};
  EXPECT_EQ(bound(text.data()), Parameter::Value{std::string_view{"text"}});
}

TEST(Parameter, takes_what_is_not_there_as_null) {
  Parameter::Value const null{};
  EXPECT_EQ(bound(nullptr), null);
  EXPECT_EQ(bound(std::optional<int>{}), null);
  EXPECT_EQ(bound(static_cast<char const*>(nullptr)), null);
}

}  // namespace
}  // namespace tram
