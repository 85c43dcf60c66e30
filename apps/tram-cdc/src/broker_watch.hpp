#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/mutex.hpp"

namespace tram::relay_program {

/// Whether the broker is there, for those who ask: an idle relay does not notice by itself that it
/// is away. An answer holds for a few seconds, so nobody who asks often burdens the broker; while
/// one asks, the others get the last answer. Callable from any thread.
class BrokerWatch {
 public:
  /// `ask` may wait, until a stop at most, and raises faults when the broker is away. `clock` must
  /// outlive this.
  BrokerWatch(std::function<void(std::stop_token const&)> ask, Clock& clock, Duration answer_lives)
      : ask_{std::move(ask)}, clock_{clock}, answer_lives_{answer_lives} {}

  /// What is wrong; empty when nothing is. May wait for the broker.
  std::string trouble(std::stop_token const& stop = {}) TRAM_EXCLUDES(mutex_);
  /// The last answer, empty when nothing is wrong. Never waits.
  [[nodiscard]] std::string last() const TRAM_EXCLUDES(mutex_);
  /// Asks from time to time.
  void run(std::stop_token const& stop);

 private:
  bool begin_to_ask() TRAM_EXCLUDES(mutex_);
  [[nodiscard]] std::string ask(std::stop_token const& stop) const;

  std::function<void(std::stop_token const&)> ask_;
  Clock& clock_;
  Duration answer_lives_;
  mutable Mutex mutex_;
  bool asking_ TRAM_GUARDED_BY(mutex_){};
  SteadyTime asked_at_ TRAM_GUARDED_BY(mutex_){};
  std::string trouble_ TRAM_GUARDED_BY(mutex_);
};

}  // namespace tram::relay_program
