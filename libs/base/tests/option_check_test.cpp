#include "tram/base/option_check.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/error.hpp"

namespace tram {
namespace {

using namespace std::chrono_literals;

std::string refusal(std::function<void()> const& check) {
  try {
    check();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    return error.what();
  }
  return "taken";
}

TEST(OptionCheck, takes_times_that_somebody_could_mean) {
  for (Duration const time : {Duration{0s}, Duration{1ns}, Duration{option_time_max}})
    EXPECT_EQ(refusal([&] { require_time("a", "b", time); }), "taken");
  EXPECT_EQ(refusal([] { require_pause("a", "b", 1ms); }), "taken");
  EXPECT_EQ(refusal([] { require_number("a", "b", 1, 1); }), "taken");
}

TEST(OptionCheck, names_the_option_that_nobody_could_mean) {
  EXPECT_EQ(refusal([] { require_time("service 'x'", "stop_timeout", -1ns); }),
            "service 'x': option 'stop_timeout' is a time below zero; give zero or more");
  for (auto const& too_long : {Duration::max(), Duration{option_time_max + 1h}})
    EXPECT_NE(refusal([&] { require_time("a", "b", too_long); }).find("'b' is longer than ten"),
              std::string::npos);
  for (auto const bad : {std::chrono::milliseconds::max(), std::chrono::milliseconds::min()})
    EXPECT_NE(refusal([&] { require_time("a", "b", bad); }), "taken");
  for (Duration const bad : {Duration::min(), Duration::zero(), Duration{999us}, Duration::max()})
    EXPECT_NE(refusal([&] { require_pause("a", "b", bad); }), "taken");
  for (double const bad : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(refusal([&] { require_number("a", "b", bad, 1); }),
              "a: option 'b' is too small; give 1 at least");
  }
}

TEST(Deadline, is_never_reached_where_the_timeout_is_beyond_all_times) {
  SystemClock const clock;
  for (auto const timeout : {Duration::max(), Duration::max() - 1s}) {
    auto const deadline = Deadline::after(clock, timeout);
    EXPECT_FALSE(deadline.reached(clock));
    EXPECT_TRUE(deadline.is_never());
  }
  EXPECT_FALSE(Deadline::after(clock, option_time_max).is_never());
  EXPECT_TRUE(Deadline::after(clock, Duration::min()).reached(clock));
}

}  // namespace
}  // namespace tram
