#include "tram/base/wake_up.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <thread>

#include "tram/base/timespec.hpp"

namespace {
using namespace std::chrono_literals;
using namespace tram;

bool is_readable(WakeUp const& wake_up, Duration timeout = {}) {
  pollfd descriptor{.fd = wake_up.descriptor(), .events = POLLIN, .revents = 0};
  auto const wait = to_timespec(timeout);
  return ::ppoll(&descriptor, 1, &wait, nullptr) == 1;
}

TEST(WakeUp, is_readable_from_the_raise_to_the_lowering) {
  WakeUp wake_up{"test"};
  EXPECT_FALSE(is_readable(wake_up));
  wake_up.raise();
  wake_up.raise();
  EXPECT_TRUE(is_readable(wake_up));
  EXPECT_TRUE(is_readable(wake_up));
  wake_up.lower();
  EXPECT_FALSE(is_readable(wake_up));
  wake_up.lower();
}

TEST(WakeUp, ends_the_wait_of_another_thread) {
  WakeUp wake_up{"test"};
  std::jthread const waker{[&] { wake_up.raise(); }};
  EXPECT_TRUE(is_readable(wake_up, 10s));
}

TEST(Timespec, keeps_every_nanosecond) {
  auto const time = to_timespec(2s + 3ns);
  EXPECT_EQ(time.tv_sec, 2);
  EXPECT_EQ(time.tv_nsec, 3);
}

}  // namespace
