#include "tram/sql/detail/times.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <limits>

#include "tram/base/error.hpp"

namespace tram::sql_detail {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t noon = 1'796'040'000'000'000;  // 2026-11-30T12:00:00Z

TEST(Moments, are_written_with_six_digits) {
  EXPECT_EQ(moment_text(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(moment_text(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(moment_text(noon + 5), "2026-11-30T12:00:00.000005Z");
  EXPECT_THROW(moment_text(std::numeric_limits<std::int64_t>::max()), Error);
  EXPECT_THROW(moment_text(std::numeric_limits<std::int64_t>::min()), Error);
}

TEST(Moments, are_read_as_they_are_written) {
  for (std::int64_t const moment :
       {std::int64_t{0}, std::int64_t{-1}, noon, std::int64_t{951'782'399'999'999},
        std::int64_t{-62'135'596'800'000'000}, std::int64_t{253'402'300'799'999'999}}) {
    EXPECT_EQ(moment_in(moment_text(moment)), moment) << moment_text(moment);
  }
}

TEST(Moments, are_read_as_postgresql_writes_them) {
  EXPECT_EQ(moment_in("2026-11-30 12:00:00+00"), noon);
  EXPECT_EQ(moment_in("2026-11-30 12:00:00"), noon);
  EXPECT_EQ(moment_in("2026-11-30 13:30:00.5+01:30"), noon + 500'000);
  EXPECT_EQ(moment_in("2026-11-30 08:00:00-04"), noon);
  EXPECT_EQ(moment_in("2026-11-30"), noon - 12 * 3600 * micro);
  EXPECT_EQ(moment_in("12026-11-30 12:00:00+00").has_value(), true);
}

TEST(Moments, are_nothing_else) {
  for (auto const* const text :
       {"", "infinity", "30.11.2026", "2026-13-01", "2026-02-30", "2026-11-30 25:00",
        "2026-11-30 1", "2026-11-30 12:00:00.", "2026-11-30 12:00:00+1", "2026-11-30 12:00:00 BC",
        "1796040000", "2026-11-30 12:00:00.1234567890", "294276-12-31 00:00:00"}) {
    EXPECT_FALSE(moment_in(text)) << text;
  }
}

TEST(Durations, are_written_in_seconds) {
  EXPECT_EQ(duration_text(0), "PT0.000000000S");
  EXPECT_EQ(duration_text(-1'500'000'000), "PT-1.500000000S");
  EXPECT_EQ(duration_text(std::numeric_limits<std::int64_t>::min()), "PT-9223372036.854775808S");
}

TEST(Durations, are_read_as_they_are_written) {
  for (std::int64_t const span :
       {std::int64_t{0}, std::int64_t{-1}, nano, std::int64_t{-90'000'000'000'001},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(duration_in(duration_text(span)), span) << duration_text(span);
  }
}

TEST(Durations, are_read_as_postgresql_writes_them) {
  EXPECT_EQ(duration_in("00:00:01.5"), 1'500'000'000);
  EXPECT_EQ(duration_in("-00:00:01.5"), -1'500'000'000);
  EXPECT_EQ(duration_in("1 day"), 86'400 * nano);
  EXPECT_EQ(duration_in("-2 days +01:00:00"), -47 * 3600 * nano);
  EXPECT_EQ(duration_in("100:00:00"), 360'000 * nano);
  EXPECT_EQ(duration_in("P1DT2H3M4.5S"), (86'400 + 7200 + 180 + 4) * nano + nano / 2);
}

TEST(Durations, are_nothing_else) {
  for (auto const* const text :
       {"", "1 mon", "1 year 2 days", "P1M", "PT", "P", "12", "5 days 1", "PT99999999999999S",
        "99999999 days", "1:00:00", "106000 days 2400000:00:00"}) {
    EXPECT_FALSE(duration_in(text)) << text;
  }
}

TEST(Spans, are_counted_down_to_whole_units) {
  EXPECT_EQ(count_in<micro>(1999ns), 1);
  EXPECT_EQ(count_in<micro>(-1ns), -1);
  EXPECT_EQ(count_in<micro>(2h), 7200 * micro);
  EXPECT_EQ(count_in<nano>(std::chrono::hours{100'000'000}), std::nullopt);
  EXPECT_EQ((span_of<micro, std::chrono::seconds>(-1)), -1s);
  EXPECT_EQ((span_of<micro, std::chrono::nanoseconds>(5)), 5000ns);
  EXPECT_EQ((span_of<micro, std::chrono::nanoseconds>(std::int64_t{1} << 62)), std::nullopt);
}

}  // namespace
}  // namespace tram::sql_detail
