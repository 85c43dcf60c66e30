#include "tram/base/clock_steps.hpp"

#include <gtest/gtest.h>

namespace {
using namespace std::chrono_literals;
using tram::ClockSteps;

/// Civil and steady time, which go on together and apart.
struct SteppingClock : ::testing::Test {
  ClockSteps steps;
  ClockSteps::Milliseconds civil{1'700'000'000'000};
  tram::SteadyTime steady{1h};

  void pass(std::chrono::seconds time) {
    civil += time;
    steady += time;
  }
  ClockSteps::Milliseconds ahead() { return steps.ahead(civil, steady, 7 * 24h); }
};

TEST_F(SteppingClock, is_not_ahead_while_both_go_on_together) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(ahead(), 0ms);
    pass(24h);
  }
  civil += 500ms;
  EXPECT_EQ(ahead(), 0ms) << "a clock may be slewed";
}

TEST_F(SteppingClock, is_ahead_by_its_step_until_all_from_before_is_old) {
  ahead();
  civil += 30 * 24h;
  EXPECT_EQ(ahead(), 30 * 24h);
  pass(6 * 24h);
  civil += 2h;
  EXPECT_EQ(ahead(), 30 * 24h + 2h);
  pass(25h);
  EXPECT_EQ(ahead(), 2h);
  pass(7 * 24h);
  EXPECT_EQ(ahead(), 0ms);
}

TEST_F(SteppingClock, is_not_ahead_once_it_was_set_back) {
  ahead();
  civil += 30 * 24h;
  ahead();
  civil -= 30 * 24h;
  EXPECT_EQ(ahead(), 0ms);
  civil -= 365 * 24h;
  EXPECT_EQ(ahead(), 0ms);
}

TEST_F(SteppingClock, may_step_by_thousands_of_years) {
  ahead();
  civil += 8'000 * 365 * 24h;
  EXPECT_EQ(ahead(), 8'000 * 365 * 24h);
}

}  // namespace
