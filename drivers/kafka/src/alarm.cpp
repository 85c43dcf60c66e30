#include "alarm.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace tram::kafka {

Alarm::Alarm(EventDescriptor const& news)
    : timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)} {
  if (timer_ < 0) no_descriptor_left();
  both_.add(timer_);
  both_.add(news.get());
}

Alarm::~Alarm() { ::close(timer_); }

void Alarm::set(Duration after) const {
  using std::chrono::nanoseconds;
  using std::chrono::seconds;
  // A time of 0 would switch it off.
  auto const wait = std::max<Duration>(after, nanoseconds{1});
  auto const whole = std::chrono::duration_cast<seconds>(wait);
  itimerspec once{};
  once.it_value.tv_sec = static_cast<decltype(once.it_value.tv_sec)>(whole.count());
  once.it_value.tv_nsec = std::chrono::duration_cast<nanoseconds>(wait - whole).count();
  ::timerfd_settime(timer_, 0, &once, nullptr);
}

void Alarm::clear() const {
  std::uint64_t count{};
  (void)!::read(timer_, &count, sizeof count);
}

}  // namespace tram::kafka
