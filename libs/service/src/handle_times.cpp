#include "handle_times.hpp"

#include <algorithm>

namespace tram {

void HandleTimes::add(Duration duration) {
  auto const bound = std::ranges::lower_bound(bounds, duration, {}, &Bound::duration);
  ++runs_[static_cast<std::size_t>(bound - bounds.begin())];
  nanoseconds_ += duration.count();
}

HandleTimes::Counts HandleTimes::counts() const {
  Counts counts{.sum = Duration{nanoseconds_.load()}};
  std::ranges::transform(runs_, counts.runs.begin(), [](auto const& runs) { return runs.load(); });
  return counts;
}

}  // namespace tram
