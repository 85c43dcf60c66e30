#pragma once

#include <functional>
#include <optional>

#include "health.hpp"
#include "tram/base/mutex.hpp"
#include "tram/relay/change_source.hpp"

namespace tram::relay_program {

/// Tells whether all that was committed before somebody asked first is published.
///
/// The first question sets a mark at the end of the log, later ones look whether the relay has
/// passed it, and the one that is told so lifts the mark again: who asks until the answer is yes
/// gets one that was true some time after the first question. Callable from any thread.
class CaughtUpProbe {
 public:
  /// `log_end` may wait, and may raise faults, which reach the one who asks.
  explicit CaughtUpProbe(std::function<LogPosition()> log_end) : log_end_{std::move(log_end)} {}

  bool passed(RelayView const& view) TRAM_EXCLUDES(mutex_);

 private:
  struct Mark {
    LogPosition position{};
    SteadyTime set_at{};
  };
  std::optional<Mark> mark(SteadyTime now) TRAM_EXCLUDES(mutex_);

  std::function<LogPosition()> log_end_;
  Mutex mutex_;
  std::optional<Mark> mark_ TRAM_GUARDED_BY(mutex_);
};

}  // namespace tram::relay_program
