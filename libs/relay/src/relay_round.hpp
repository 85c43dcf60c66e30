#pragma once

#include "tram/base/time.hpp"
#include "tram/relay/relay_status.hpp"

namespace tram {

/// One step of a relay as all its parts see it: when it is, and what came of it.
class RelayRound final {
 public:
  void begin(SteadyTime now) {
    now_ = now;
    progressed_ = false;
  }
  [[nodiscard]] SteadyTime now() const { return now_; }

  /// Something happened: the next step follows at once.
  void happened() { progressed_ = true; }
  /// Positions moved, or are about to.
  void moved() {
    last_progress_ = now_;
    progressed_ = true;
  }
  /// There is nothing to move, which is no failure to move.
  void rested() { last_progress_ = now_; }

  [[nodiscard]] bool progressed() const { return progressed_; }
  [[nodiscard]] SteadyTime last_progress() const { return last_progress_; }
  /// Of all rounds.
  [[nodiscard]] RelayCounters& counters() { return counters_; }
  [[nodiscard]] RelayCounters const& counters() const { return counters_; }

 private:
  SteadyTime now_{};
  SteadyTime last_progress_{};
  bool progressed_{};
  RelayCounters counters_;
};

}  // namespace tram
