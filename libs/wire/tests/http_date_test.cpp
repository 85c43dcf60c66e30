#include "tram/wire/http_date.hpp"

#include <gtest/gtest.h>

#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "vectors.hpp"

#include <chrono>

namespace tram {
namespace {

using namespace std::chrono;

WallTime at(sys_days day, seconds time) { return day + time; }

TEST(HttpDate, is_written_as_java_writes_it) {
  EXPECT_EQ(http_date(at(1994y / 11 / 15, 8h + 12min + 31s)), "Tue, 15 Nov 1994 08:12:31 GMT");
  EXPECT_EQ(http_date(at(2008y / 6 / 3, 11h + 5min + 30s)), "Tue, 3 Jun 2008 11:05:30 GMT");
  EXPECT_EQ(http_date(at(2008y / 6 / 13, 1h + 5min)), "Fri, 13 Jun 2008 01:05:00 GMT");
  EXPECT_EQ(http_date(WallTime{}), "Thu, 1 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(WallTime{-1ms}), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(http_date(at(2024y / 2 / 29, 23h) + 999ms), "Thu, 29 Feb 2024 23:00:00 GMT");
}

TEST(HttpDate, is_read_with_the_day_padded_or_not) {
  auto const time = at(2008y / 6 / 3, 11h + 5min + 30s);
  EXPECT_EQ(parse_http_date("Tue, 3 Jun 2008 11:05:30 GMT"), time);
  EXPECT_EQ(parse_http_date("Tue, 03 Jun 2008 11:05:30 GMT"), time);
}

TEST(HttpDate, survives_the_way_there_and_back) {
  SeededRandom random{1};
  for (int i = 0; i < 10'000; ++i) {
    WallTime const time{seconds{static_cast<std::int64_t>(random.below(253'402'300'800ULL))}};
    ASSERT_EQ(parse_http_date(http_date(time)), time) << http_date(time);
  }
}

TEST(HttpDate, refuses_everything_else) {
  for (auto const* text : {"", "Tue", "2008-06-03T11:05:30Z", "Tue, 3 Jun 2008 11:05:30",
                           "Tue, 3 Jun 2008 11:05:30 UTC", "Tue, 3 Jun 2008 11:05:30 GMT ",
                           " Tue, 3 Jun 2008 11:05:30 GMT", "Tue,  3 Jun 2008 11:05:30 GMT",
                           "Wed, 3 Jun 2008 11:05:30 GMT", "Tue, 3 jun 2008 11:05:30 GMT",
                           "Tue, 3 Jun 08 11:05:30 GMT", "Tue, 003 Jun 2008 11:05:30 GMT",
                           "Tue, 3 Jun 2008 24:05:30 GMT", "Tue, 3 Jun 2008 11:60:30 GMT",
                           "Tue, 3 Jun 2008 11:05:60 GMT", "Sat, 30 Feb 2008 11:05:30 GMT",
                           "Sun, 0 Jun 2008 11:05:30 GMT"}) {
    try {
      parse_http_date(text);
      ADD_FAILURE() << "accepted: " << text;
    } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::malformed); }
  }
}

TEST(HttpDate, of_every_captured_message_is_what_we_write) {
  for (auto const& line : testing::vectors("consumed.jsonl")) {
    auto const date = line["headers"]["DATE"].get<std::string>();
    EXPECT_EQ(http_date(parse_http_date(date)), date);
  }
}

}  // namespace
}  // namespace tram
