#include "circuit_breaker.hpp"

#include <algorithm>

namespace tram {

CircuitBreaker::Permission CircuitBreaker::permission(SteadyTime now) const {
  if (!open_) return Permission::all;
  return probe_runs_ || now < probe_at_ ? Permission::none : Permission::one_probe;
}

void CircuitBreaker::succeeded() {
  failures_ = 0;
  open_ = false;
  probe_runs_ = false;
  probe_at_ = {};
}

void CircuitBreaker::failed(SteadyTime now) {
  // Work that was started before it opened says nothing new.
  if (open_ || ++failures_ < policy_.failures_max) return;
  open(now, policy_.open_first);
}

void CircuitBreaker::probe_failed(SteadyTime now, Duration longest) {
  // Other work may have closed it while the probe was out.
  if (!open_) return failed(now);
  open(now, std::min(2 * pause_, longest));
}

void CircuitBreaker::open(SteadyTime now, Duration pause) {
  open_ = true;
  probe_runs_ = false;
  pause_ = pause;
  probe_at_ = now + pause;
}

}  // namespace tram
