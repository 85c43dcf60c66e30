#pragma once

#include <stop_token>
#include <thread>

#include "tram/base/clock.hpp"
#include "tram/base/log.hpp"

namespace tram::relay_program {

/// How the program ends when its work does not.
inline constexpr int exit_stop_timed_out{75};

/// Turns SIGTERM and SIGINT into a stop request. A second one ends the process at once, with 128
/// and the signal's number; so does, with `exit_stop_timed_out`, a stop that takes too long.
///
/// Made before any other thread, since threads inherit who takes signals; one per process.
class StopSignals {
 public:
  StopSignals(Duration stop_timeout, Logger logger);
  ~StopSignals();
  StopSignals(StopSignals const&) = delete;
  StopSignals& operator=(StopSignals const&) = delete;

  [[nodiscard]] std::stop_token stop() const { return source_.get_token(); }

 private:
  void watch();
  /// The signal that came; 0 when this object ends or the time is over.
  int next_signal(bool forever);

  Duration stop_timeout_;
  Logger logger_;
  std::stop_source source_;
  int signals_;
  int ended_;
  std::jthread thread_;
};

}  // namespace tram::relay_program
