#include "tram/base/deadline.hpp"

#include "tram/base/clock.hpp"

namespace tram {

Deadline Deadline::after(Clock const& clock, Duration timeout) {
  auto const now = clock.steady();
  // The sum of both may be beyond what a time can hold.
  return timeout >= SteadyTime::max() - now ? never() : Deadline{now + timeout};
}

bool Deadline::reached(Clock const& clock) const {
  return is_now() || (!is_never() && clock.steady() >= time_);
}

Duration Deadline::remaining(Clock const& clock) const {
  if (is_never()) return Duration::max();
  if (reached(clock)) return Duration::zero();
  return time_ - clock.steady();
}

}  // namespace tram
