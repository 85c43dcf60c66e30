#include "caught_up_probe.hpp"

#include <gtest/gtest.h>

namespace tram::relay_program {
namespace {

using namespace std::chrono_literals;

RelayView caught_up_at(LogPosition position, SteadyTime now = SteadyTime{1h}) {
  RelayView view;
  view.now = now;
  view.readiness.ready = true;
  view.status.caught_up = true;
  view.status.confirmed = position;
  return view;
}

TEST(CaughtUpProbe, is_where_the_log_ended_at_the_first_question) {
  LogPosition end{100};
  CaughtUpProbe line{[&] { return end; }};
  EXPECT_FALSE(line.passed(caught_up_at(LogPosition{90})));
  end = LogPosition{200};  // Others write on; whoever asks does not wait for them.
  EXPECT_TRUE(line.passed(caught_up_at(LogPosition{100})));
  // Asked anew, all of before counts.
  EXPECT_FALSE(line.passed(caught_up_at(LogPosition{150})));
  EXPECT_TRUE(line.passed(caught_up_at(LogPosition{200})));
}

TEST(CaughtUpProbe, is_not_passed_by_a_relay_with_rows_in_flight_or_none_at_all) {
  CaughtUpProbe line{[] { return LogPosition{100}; }};
  auto behind = caught_up_at(LogPosition{500});
  behind.status.caught_up = false;
  EXPECT_FALSE(line.passed(behind));
  auto standby = caught_up_at(LogPosition{500});
  standby.status.standby = true;
  EXPECT_FALSE(line.passed(standby));
}

TEST(CaughtUpProbe, is_set_again_when_nobody_came_back_for_it) {
  LogPosition end{100};
  CaughtUpProbe line{[&] { return end; }};
  EXPECT_FALSE(line.passed(caught_up_at(LogPosition{90})));
  end = LogPosition{200};
  EXPECT_FALSE(line.passed(caught_up_at(LogPosition{150}, SteadyTime{2h})));
}

}  // namespace
}  // namespace tram::relay_program
