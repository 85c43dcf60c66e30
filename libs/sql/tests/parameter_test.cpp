#include "tram/sql/parameter.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <vector>

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

enum class Colour { red, blue };
struct ColourName {
  Colour value;
  std::string_view name;
};
constexpr auto enum_names(Colour /*of*/) { return std::array{ColourName{Colour::red, "RED"}}; }

TEST(Parameter, takes_what_has_a_text) {
  EXPECT_EQ(bound(Colour::red), Parameter::Value{std::string_view{"RED"}});
  auto const price = Decimal::parse("1.50");
  EXPECT_EQ(bound(price), Parameter::Value{std::string_view{"1.50"}});
  Parameter const uuid{Uuid{}};
  auto const copy = uuid;
  EXPECT_EQ(copy.value(),
            Parameter::Value{std::string_view{"00000000-0000-0000-0000-000000000000"}});
  Parameter const time{std::chrono::sys_seconds{std::chrono::seconds{1}}};
  EXPECT_EQ(time.value(), Parameter::Value{std::string_view{"1970-01-01T00:00:01.000000Z"}});
  Parameter const span{std::chrono::milliseconds{1500}};
  EXPECT_EQ(span.value(), Parameter::Value{std::string_view{"PT1.500000000S"}});
  std::vector<std::byte> const bytes(3);
  EXPECT_EQ(std::get<BytesView>(bound(bytes)).size, 3U);
}

TEST(Parameter, refuses_an_enum_value_without_a_name) {
  try {
    bound(Colour::blue);
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_STREQ(
        error.what(),
        "sql: 1 is no value of this enum (RED); add it to enum_names, or bind one of them");
  }
}

}  // namespace
}  // namespace tram
