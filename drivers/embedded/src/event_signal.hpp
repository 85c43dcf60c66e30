#pragma once

#include <atomic>

#include "tram/base/wake_up.hpp"

namespace tram::embedded {

/// Tells one waiting thread, through a descriptor, that there is something to look at. `ring` is
/// callable from any thread; the rest belongs to the thread that waits. Nothing here waits.
class EventSignal {
 public:
  /// Makes the descriptor readable. Costs a system call only for the first of many.
  void ring() noexcept {
    if (!rung_.exchange(true)) wake_up_.raise();
  }
  /// Silences the descriptor. Look for what is new *after* this, so that nothing is missed.
  void clear() noexcept {
    wake_up_.lower();
    // Only now: a ring before this line needs no write, since whoever clears looks afterwards.
    rung_.store(false);
  }
  [[nodiscard]] int descriptor() const { return wake_up_.descriptor(); }

 private:
  /// Faults of making it: transient, when the process has no descriptors left.
  WakeUp wake_up_{"embedded"};
  std::atomic<bool> rung_{false};
};

}  // namespace tram::embedded
