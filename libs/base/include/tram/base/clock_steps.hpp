#pragma once

#include <vector>

#include "tram/base/time.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Computes how far a civil clock has been set forward lately, by comparing it with a clock that
/// never steps.
///
/// Rows stamped before such a step seem older than they are, by the step. When the retention time
/// has passed since, all of them are old anyhow, and the step is forgotten. One thread at a time;
/// never waits.
///
///     auto const age = kept + steps.ahead(civil_now, clock.steady(), kept);
class ClockSteps {
 public:
  /// A clock may be set by more than nanoseconds can count.
  using Milliseconds = std::chrono::milliseconds;

  /// Notes both times, which belong to one moment; the sum of the steps within the last `age`. A
  /// step that was taken back counts no more. Less than a minute is no step.
  Milliseconds ahead(Milliseconds civil, SteadyTime steady, Milliseconds age);

 private:
  struct Step {
    Milliseconds size;
    SteadyTime at;
  };
  void note(Milliseconds drift, SteadyTime steady);

  bool began_{};
  Milliseconds last_civil_{};
  SteadyTime last_steady_{};
  std::vector<Step> steps_;
};

}  // namespace tram

#pragma GCC visibility pop
