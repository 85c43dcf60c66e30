#pragma once

#include <stop_token>
#include <string>

#include "tram/base/mutex.hpp"
#include "tram/host/stepped_component.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Steps one component until a stop is requested.
///
///     tram::SteppedRun timeouts{component, parts};
///     timeouts.run(stop);
class SteppedRun final {
 public:
  SteppedRun(SteppedComponent const& component, StepParts const& parts);

  /// Throws: what `Stepper::step` throws, but for the faults after which it is stepped again.
  void run(std::stop_token const& stop) TRAM_EXCLUDES(mutex_);
  [[nodiscard]] std::string const& name() const { return name_; }
  /// Why the last step failed; empty after one that did not. Any thread may call it; never waits.
  [[nodiscard]] std::string trouble() const TRAM_EXCLUDES(mutex_);

 private:
  /// How long to wait now.
  Duration step() TRAM_EXCLUDES(mutex_);
  void note(std::string trouble) TRAM_EXCLUDES(mutex_);

  std::string name_;
  Clock& clock_;
  Logger logger_;
  std::unique_ptr<Stepper> stepper_;
  mutable Mutex mutex_;
  std::string trouble_ TRAM_GUARDED_BY(mutex_);
};

}  // namespace tram

#pragma GCC visibility pop
