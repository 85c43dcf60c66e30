#include "linger.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "tram/base/error.hpp"

namespace tram::kafka {
namespace {

constexpr long long nanoseconds_per_second{1'000'000'000};

void watch(int both, int descriptor) {
  epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
  ::epoll_ctl(both, EPOLL_CTL_ADD, descriptor, &event);
}

}  // namespace

Linger::Linger(int news)
    : timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)},
      both_{::epoll_create1(EPOLL_CLOEXEC)} {
  int const trouble = errno;
  if (timer_ >= 0 && both_ >= 0) {
    watch(both_, timer_);
    if (news >= 0) watch(both_, news);
    return;
  }
  if (timer_ >= 0) ::close(timer_);
  if (both_ >= 0) ::close(both_);
  throw Error{Fault::transient,
              std::string{"kafka: no descriptor for a timer: "} + std::strerror(trouble) +
                  "; raise the limit of open files",
              trouble};
}

Linger::~Linger() {
  ::close(both_);
  ::close(timer_);
}

void Linger::set(long long nanoseconds) const {
  auto const until = std::max(nanoseconds, 0LL);
  itimerspec const once{.it_interval = {},
                        .it_value = {.tv_sec = until / nanoseconds_per_second,
                                     .tv_nsec = until % nanoseconds_per_second}};
  ::timerfd_settime(timer_, 0, &once, nullptr);
}

}  // namespace tram::kafka
