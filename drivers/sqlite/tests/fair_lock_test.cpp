#include "fair_lock.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace {
using namespace std::chrono_literals;
using tram::Access;
using tram::sqlite::FairLock;

constexpr tram::Duration at_once{};
constexpr tram::Duration long_enough{10s};

TEST(FairLock, is_one_for_each_database_in_memory_and_none_for_a_file) {
  auto const line = FairLock::of("file:/a?vfs=memdb");
  EXPECT_EQ(FairLock::of("file:/a?vfs=memdb"), line);
  EXPECT_NE(FairLock::of("file:/b?vfs=memdb"), line);
  EXPECT_EQ(FairLock::of("/data/a.db"), nullptr);
}

TEST(FairLock, lets_several_read_or_one_write) {
  FairLock line;
  EXPECT_TRUE(line.enter(Access::read_only, at_once));
  EXPECT_TRUE(line.enter(Access::read_only, at_once));
  EXPECT_FALSE(line.enter(Access::read_write, at_once));
  line.leave(Access::read_only);
  EXPECT_FALSE(line.enter(Access::read_write, at_once));
  line.leave(Access::read_only);
  EXPECT_TRUE(line.enter(Access::read_write, at_once));
  EXPECT_FALSE(line.enter(Access::read_only, at_once));
}

TEST(FairLock, serves_whoever_waits_when_the_one_before_leaves) {
  FairLock line;
  ASSERT_TRUE(line.enter(Access::read_write, at_once));
  bool served = false;
  std::jthread waiter{[&] { served = line.enter(Access::read_write, long_enough); }};
  line.leave(Access::read_write);
  waiter.join();
  EXPECT_TRUE(served);
  EXPECT_FALSE(line.enter(Access::read_only, at_once));
}

TEST(FairLock, does_not_keep_others_waiting_for_one_who_gave_up) {
  FairLock line;
  ASSERT_TRUE(line.enter(Access::read_only, at_once));
  EXPECT_FALSE(line.enter(Access::read_write, 1ms));
  EXPECT_TRUE(line.enter(Access::read_only, at_once));
}

TEST(FairLock, lets_one_write_at_a_time_however_many_come) {
  FairLock line;
  int counter = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        if (!line.enter(Access::read_write, long_enough)) continue;
        ++counter;
        line.leave(Access::read_write);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(counter, 2'000);
}

}  // namespace
