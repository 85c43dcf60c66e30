#include "pauses.hpp"

#include <algorithm>

namespace tram {

Duration pause_alone(SubscriptionOptions const& options, int failures) {
  auto const& breaker = options.breaker;
  auto const quick = options.retry.pause_after(failures);
  if (failures < breaker.failures_max) return quick;
  auto pause = std::min(breaker.open_first, breaker.open_longest);
  for (int more = failures - breaker.failures_max; more > 0 && pause < breaker.open_longest;
       --more) {
    pause = pause > breaker.open_longest / 2 ? breaker.open_longest : 2 * pause;
  }
  return std::max(quick, pause);
}

Duration jittered(Duration pause, Random& random) {
  auto const half = pause.count() / 2;
  return Duration{half + static_cast<Duration::rep>(random.unit() * static_cast<double>(half))};
}

}  // namespace tram
