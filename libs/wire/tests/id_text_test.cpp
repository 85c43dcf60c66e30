#include "tram/wire/id_text.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"

namespace {

using OrderId = tram::Id<struct OrderTag, std::int64_t>;
using CustomerId = tram::Id<struct CustomerTag>;

TEST(IdText, is_the_bare_text_or_number) {
  EXPECT_EQ(tram::id_text("7"), "7");
  EXPECT_EQ(tram::id_text(CustomerId{"a-1"}), "a-1");
  EXPECT_EQ(tram::id_text(-7), "-7");
  EXPECT_EQ(tram::id_text(OrderId{9223372036854775807}), "9223372036854775807");
}

TEST(IdText, reads_back_as_the_same_id) {
  EXPECT_EQ(tram::parse_id<OrderId>("9223372036854775807"), OrderId{9223372036854775807});
  EXPECT_EQ(tram::parse_id<CustomerId>("a-1"), CustomerId{"a-1"});
  EXPECT_EQ(tram::parse_id<std::string>(""), "");
  EXPECT_EQ(tram::parse_id<std::uint8_t>("255"), 255);
}

TEST(IdText, that_is_no_such_integer_is_malformed) {
  for (auto const* text : {"", "1x", "9223372036854775808", " 1", "1.0"})
    EXPECT_THROW(tram::parse_id<OrderId>(text), tram::Error) << text;
  for (auto const* text : {"256", "-1"})
    EXPECT_THROW(tram::parse_id<std::uint8_t>(text), tram::Error) << text;
}

}  // namespace
