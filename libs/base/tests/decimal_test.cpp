#include "tram/base/decimal.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"

namespace {
using namespace tram;

std::string plain(std::string_view text) { return Decimal::parse(text).text(); }

TEST(Decimal, keeps_its_scale) {
  EXPECT_EQ(plain("1.50"), "1.50");
  EXPECT_EQ(plain("-0.050"), "-0.050");
  EXPECT_EQ(plain("123456789012345678901234567890.10"), "123456789012345678901234567890.10");
  EXPECT_EQ(Decimal{}.text(), "0");
}

TEST(Decimal, is_always_plain) {
  EXPECT_EQ(plain("1E+5"), "100000");
  EXPECT_EQ(plain("1e5"), "100000");
  EXPECT_EQ(plain("12.34E1"), "123.4");
  EXPECT_EQ(plain("12.34E-3"), "0.01234");
  EXPECT_EQ(plain("1E-10"), "0.0000000001");
  EXPECT_EQ(plain("0E+5"), "0");
  EXPECT_EQ(plain("007.10"), "7.10");
  EXPECT_EQ(plain("-0"), "0");
  EXPECT_EQ(plain("-0.00"), "0.00");
}

TEST(Decimal, refuses_what_is_no_decimal_or_much_too_long) {
  for (auto const* text : {"", "-", "+1", ".5", "1.", "1e", "1e+-5", "1 ", " 1", "0x1", "NaN",
                           "1,5", "--1", "1.2.3"}) {
    EXPECT_THROW(Decimal::parse(text), Error) << text;
  }
  EXPECT_THROW(Decimal::parse("1E+1000"), Error);
  EXPECT_THROW(Decimal::parse("1E-1000"), Error);
  EXPECT_THROW(Decimal::parse("1E+2147483647"), Error);
  EXPECT_THROW(Decimal::parse("1E-2147483648"), Error);
  EXPECT_THROW(Decimal::parse("1E+99999999999"), Error);
  EXPECT_THROW(Decimal::parse(std::string(1001, '1')), Error);
  EXPECT_EQ(plain("1E+999").size(), 1000U);
}

TEST(Decimal, compares_by_value) {
  auto const of = [](std::string_view text) { return Decimal::parse(text); };
  EXPECT_EQ(of("1.5"), of("1.50"));
  EXPECT_EQ(of("0"), of("0.00"));
  EXPECT_LT(of("9.99"), of("10"));
  EXPECT_LT(of("1.05"), of("1.5"));
  EXPECT_LT(of("1"), of("1.01"));
  EXPECT_LT(of("-2"), of("-1"));
  EXPECT_LT(of("-0.1"), of("0"));
  EXPECT_GT(of("0.1"), of("-5"));
}

}  // namespace
