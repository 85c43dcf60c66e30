#include <algorithm>
#include <cmath>

#include "tram/subscriber/subscription.hpp"

namespace tram {

Duration RetryPolicy::pause_after(int failures) const {
  double const longest = static_cast<double>(pause_longest.count());
  double const pause = static_cast<double>(pause_first.count()) * std::pow(factor, failures - 1);
  // Compared as doubles: after many failures the power is beyond any integer.
  return pause < longest ? Duration{static_cast<Duration::rep>(pause)} : pause_longest;
}

}  // namespace tram
