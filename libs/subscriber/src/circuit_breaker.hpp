#pragma once

#include "tram/base/clock.hpp"
#include "tram/subscriber/subscription.hpp"

namespace tram {

/// Whether a subscription may start anything, after failures that are no message's fault. Closed:
/// everything. Open: nothing until its pause is over, then one probe, which closes it or opens it
/// for longer. Pure: time is an argument.
class CircuitBreaker final {
 public:
  enum class Permission { all, one_probe, none };

  explicit CircuitBreaker(BreakerPolicy const& policy) : policy_{policy} {}

  [[nodiscard]] Permission permission(SteadyTime now) const;
  /// The probe was started; it must be answered by one of the next two calls.
  void probing() { probe_runs_ = true; }
  /// Something got through, the probe or other work: all is well.
  void succeeded();
  /// Something failed that is not the probe.
  void failed(SteadyTime now);
  /// The next probe waits twice as long as this one did, `longest` at most.
  void probe_failed(SteadyTime now, Duration longest);

  [[nodiscard]] bool is_open() const { return open_; }
  /// When a probe may start; in the past when it may already, or all is well. Never while one runs.
  [[nodiscard]] SteadyTime probe_at() const { return probe_runs_ ? SteadyTime::max() : probe_at_; }

 private:
  void open(SteadyTime now, Duration pause);

  BreakerPolicy policy_;
  int failures_{};
  bool open_{};
  bool probe_runs_{};
  Duration pause_{};
  SteadyTime probe_at_{};
};

}  // namespace tram
