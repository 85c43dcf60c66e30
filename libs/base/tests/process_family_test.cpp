#include "tram/base/process_family.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

#include "tram/base/error.hpp"
#include "tram/base/random.hpp"

namespace {

using tram::process_generation;

/// Whether the function is true in a child.
bool holds_in(pid_t child, std::function<bool()> const& function) {
  if (child == 0) ::_exit(function() ? 0 : 1);
  int status{};
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(ProcessGeneration, is_another_one_in_a_child_and_in_its_child) {
  auto const here = process_generation();
  EXPECT_EQ(process_generation(), here);
  EXPECT_TRUE(holds_in(::fork(), [&] {
    auto const there = process_generation();
    bool const grandchild = holds_in(
        ::fork(), [&] { return process_generation() != there && process_generation() != here; });
    return there != here && process_generation() == there && grandchild;
  }));
  EXPECT_EQ(process_generation(), here);
}

TEST(ProcessGeneration, notices_a_fork_that_the_c_library_does_not_know_of) {
  auto const here = process_generation();
  auto const child = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  EXPECT_TRUE(holds_in(child, [&] { return process_generation() != here; }));
}

TEST(ProcessGeneration, says_whose_a_thing_is) {
  auto const here = process_generation();
  EXPECT_NO_THROW(tram::require_made_here(here, "the pool"));
  try {
    tram::require_made_here(here + 1, "sql: the pool");
    FAIL();
  } catch (tram::Error const& error) {
    EXPECT_EQ(error.fault(), tram::Fault::rejected);
    EXPECT_TRUE(std::string_view{error.what()}.starts_with("sql: the pool belongs to the process"));
  }
}

TEST(SystemRandom, gives_a_child_numbers_of_its_own) {
  tram::SystemRandom random;
  random.bits();
  int channel[2];
  ASSERT_EQ(::pipe(channel), 0);
  EXPECT_TRUE(holds_in(::fork(), [&] {
    auto const theirs = random.bits();
    return ::write(channel[1], &theirs, sizeof theirs) == sizeof theirs;
  }));
  std::uint64_t theirs{};
  ASSERT_EQ(::read(channel[0], &theirs, sizeof theirs), static_cast<ssize_t>(sizeof theirs));
  EXPECT_NE(random.bits(), theirs);
  ::close(channel[0]);
  ::close(channel[1]);
}

}  // namespace
