#include "linger.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>

namespace tram::kafka {
namespace {

constexpr long long nanoseconds_per_second{1'000'000'000};

}  // namespace

Linger::Linger(int news) : timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)} {
  if (timer_ < 0) no_descriptor_left();
  both_.add(timer_);
  both_.add(news);
}

Linger::~Linger() { ::close(timer_); }

void Linger::set(long long nanoseconds) const {
  auto const until = std::max(nanoseconds, 0LL);
  itimerspec const once{.it_interval = {},
                        .it_value = {.tv_sec = until / nanoseconds_per_second,
                                     .tv_nsec = until % nanoseconds_per_second}};
  ::timerfd_settime(timer_, 0, &once, nullptr);
}

}  // namespace tram::kafka
