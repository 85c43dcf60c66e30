#include "circuit_breaker.hpp"

#include <gtest/gtest.h>

namespace tram {
namespace {
using namespace std::chrono_literals;
using Permission = CircuitBreaker::Permission;

constexpr SteadyTime start{1h};
BreakerPolicy const policy{.failures_max = 3, .open_first = 1s, .open_longest = 3s};

CircuitBreaker opened() {
  CircuitBreaker breaker{policy};
  for (int i = 0; i < 3; ++i) breaker.failed(start);
  return breaker;
}

TEST(CircuitBreaker, opens_after_so_many_failures_in_a_row) {
  CircuitBreaker breaker{policy};
  breaker.failed(start);
  breaker.failed(start);
  EXPECT_EQ(breaker.permission(start), Permission::all);
  breaker.succeeded();
  breaker.failed(start);
  breaker.failed(start);
  EXPECT_EQ(breaker.permission(start), Permission::all);
  breaker.failed(start);
  EXPECT_EQ(breaker.permission(start), Permission::none);
}

TEST(CircuitBreaker, lets_one_probe_through_when_its_pause_is_over) {
  auto breaker = opened();
  EXPECT_EQ(breaker.permission(start + 999ms), Permission::none);
  EXPECT_EQ(breaker.permission(start + 1s), Permission::one_probe);
  breaker.probing();
  EXPECT_EQ(breaker.permission(start + 1h), Permission::none);
  breaker.succeeded();
  EXPECT_EQ(breaker.permission(start + 1h), Permission::all);
  EXPECT_FALSE(breaker.is_open());
}

TEST(CircuitBreaker, names_no_time_for_a_probe_while_one_runs) {
  auto breaker = opened();
  EXPECT_EQ(breaker.probe_at(), start + 1s);
  breaker.probing();
  EXPECT_EQ(breaker.probe_at(), SteadyTime::max()) << "a loop that waits until then would spin";
}

TEST(CircuitBreaker, stays_open_twice_as_long_each_time_the_probe_fails) {
  auto breaker = opened();
  auto now = start + 1s;
  for (auto const pause : {2s, 3s, 3s}) {
    ASSERT_EQ(breaker.permission(now), Permission::one_probe);
    breaker.probing();
    breaker.probe_failed(now, policy.open_longest);
    EXPECT_EQ(breaker.probe_at(), now + pause);
    now += pause;
  }
}

TEST(CircuitBreaker, learns_nothing_from_failures_of_work_that_was_started_before_it_opened) {
  auto breaker = opened();
  breaker.failed(start + 500ms);
  EXPECT_EQ(breaker.probe_at(), start + 1s);
}

TEST(CircuitBreaker, closes_when_earlier_work_gets_through_and_counts_a_late_probe_as_one_failure) {
  auto breaker = opened();
  breaker.probing();
  breaker.succeeded();
  breaker.probe_failed(start + 2s, policy.open_longest);
  EXPECT_EQ(breaker.permission(start + 2s), Permission::all);
}

TEST(RetryPolicy, grows_by_its_factor_up_to_the_longest_pause) {
  RetryPolicy const retry{.pause_first = 50ms, .factor = 4, .pause_longest = 2s};
  EXPECT_EQ(retry.pause_after(1), 50ms);
  EXPECT_EQ(retry.pause_after(2), 200ms);
  EXPECT_EQ(retry.pause_after(3), 800ms);
  EXPECT_EQ(retry.pause_after(4), 2s);
  EXPECT_EQ(retry.pause_after(1'000'000), 2s);
}

}  // namespace
}  // namespace tram
