#include "tram/host/stop_signals.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <future>
#include <latch>
#include <string>

#include "tram/host/exit_status.hpp"

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

void stop_by_itself_and_end_by(int signal) {
  StopSignals const signals{{}, std::nullopt, Duration{}};
  for (int time = 0; time < 3; ++time) signals.request_stop();
  wait_for_stop(signals);
  if (signal == 0) std::_Exit(17);
  ::kill(::getpid(), signal);
  for (;;) ::pause();
}

TEST(StopSignals, take_the_word_of_the_program_for_a_first_signal) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(stop_by_itself_and_end_by(0), ::testing::ExitedWithCode(17), "");
  EXPECT_EXIT(stop_by_itself_and_end_by(SIGINT), ::testing::ExitedWithCode(128 + SIGINT), "");
}

void hang_after_two_signals() {
  StopSignals const signals{{}, std::nullopt, Duration{}};
  ::kill(::getpid(), SIGINT);
  wait_for_stop(signals);
  ::kill(::getpid(), SIGINT);
  for (;;) ::pause();
}

TEST(StopSignals, leave_the_process_at_the_second_one) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hang_after_two_signals(), ::testing::ExitedWithCode(128 + SIGINT), "");
}

/// Until the watching thread has taken it.
void wait_until_taken(int signal) {
  sigset_t pending{};
  do {
    ::sched_yield();
    ::sigpending(&pending);
  } while (sigismember(&pending, signal) == 1);
}

void hang_after_an_echo_and_another_signal() {
  StopSignals const signals{{}, std::nullopt, std::chrono::hours{1}};
  ::kill(::getpid(), SIGTERM);
  wait_for_stop(signals);
  ::kill(::getpid(), SIGTERM);
  wait_until_taken(SIGTERM);
  ::kill(::getpid(), SIGINT);
  for (;;) ::pause();
}

TEST(StopSignals, take_the_same_signal_a_moment_later_for_an_echo) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hang_after_an_echo_and_another_signal(), ::testing::ExitedWithCode(128 + SIGINT), "");
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

/// Whose first line nobody takes, as on a pipe that is full.
void hang_in_the_log() {
  std::latch never{1};
  StopSignals const signals{
      Logger{[&](LogLevel, std::string const&) { never.wait(); }, LogLevel::info},
      std::chrono::milliseconds{20}};
  ::kill(::getpid(), SIGTERM);
  wait_for_stop(signals);
  std::_Exit(17);
}

TEST(StopSignals, request_the_stop_whatever_becomes_of_the_log) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(hang_in_the_log(), ::testing::ExitedWithCode(17), "");
}

/// How a program ends that a process with a `StopSignals` starts, and that sends itself the signal.
int end_of_shell(std::string const& command) {
  std::string shell{"/bin/sh"};
  std::string flag{"-c"};
  std::string text{command};
  std::array<char*, 4> arguments{shell.data(), flag.data(), text.data(), nullptr};
  pid_t child{};
  int status{-1};
  if (::posix_spawn(&child, shell.c_str(), nullptr, nullptr, arguments.data(), environ) != 0)
    return -1;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

int end_of_child(int signal) {
  auto const child = ::fork();
  if (child == 0) {
    ::kill(::getpid(), signal);
    ::_exit(3);
  }
  int status{-1};
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

void start_children() {
  StopSignals const signals;
  auto const from_another_thread =
      std::async(std::launch::async, [] { return end_of_shell("kill -TERM $$; exit 3"); }).get();
  bool const spawned = from_another_thread == SIGTERM &&
                       end_of_shell("kill -TERM $$; exit 3") == SIGTERM &&
                       end_of_shell("kill -INT $$; exit 3") == SIGINT;
  bool const forked = end_of_child(SIGTERM) == SIGTERM && end_of_child(SIGINT) == SIGINT;
  if (!spawned || !forked || signals.stop().stop_requested()) std::_Exit(1);
  ::kill(::getpid(), SIGTERM);
  wait_for_stop(signals);
  std::_Exit(17);
}

TEST(StopSignals, leave_child_processes_theirs) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(start_children(), ::testing::ExitedWithCode(17), "");
}

/// As where whoever started the process had blocked it.
void stop_by_a_blocked_signal() {
  sigset_t blocked{};
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  stop_by(SIGTERM);
}

TEST(StopSignals, are_taken_though_they_were_blocked) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(stop_by_a_blocked_signal(), ::testing::ExitedWithCode(17), "");
}

void end_after_its_time() {
  { StopSignals const signals; }
  ::kill(::getpid(), SIGTERM);
  for (;;) ::pause();
}

TEST(StopSignals, give_the_signals_back) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(end_after_its_time(), ::testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
}  // namespace tram
