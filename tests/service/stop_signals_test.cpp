#include "tram/service/stop_signals.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <latch>

#include "tram/service/exit_status.hpp"

namespace tram {
namespace {

/// Returns when the stop was requested.
void wait_for_stop(StopSignals const& signals) {
  std::latch stopped{1};
  std::stop_callback const note{signals.stop(), [&] { stopped.count_down(); }};
  stopped.wait();
}

void stop_by(int signal) {
  StopSignals const signals;
  ::kill(::getpid(), signal);
  wait_for_stop(signals);
  std::_Exit(17);
}

TEST(StopSignals, turn_the_first_signal_into_a_stop_request) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(stop_by(SIGTERM), ::testing::ExitedWithCode(17), "");
  EXPECT_EXIT(stop_by(SIGINT), ::testing::ExitedWithCode(17), "");
}

void hang_after_two_signals() {
  StopSignals const signals;
  ::kill(::getpid(), SIGINT);
  wait_for_stop(signals);
  ::kill(::getpid(), SIGINT);
  for (;;) ::pause();
}

TEST(StopSignals, leave_the_process_at_the_second_one) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hang_after_two_signals(), ::testing::ExitedWithCode(128 + SIGINT), "");
}

void hang_after_one_signal() {
  StopSignals const signals{Logger::to_stderr(), std::chrono::milliseconds{20}};
  ::kill(::getpid(), SIGTERM);
  for (;;) ::pause();
}

TEST(StopSignals, leave_the_process_when_a_stop_takes_too_long) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hang_after_one_signal(), ::testing::ExitedWithCode(exit_stop_timed_out),
              "process.stop_timed_out");
}

}  // namespace
}  // namespace tram
