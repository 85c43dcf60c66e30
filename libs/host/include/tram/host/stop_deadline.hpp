#pragma once

#include <condition_variable>
#include <functional>
#include <string>
#include <thread>

#include "tram/base/clock.hpp"
#include "tram/base/log.hpp"
#include "tram/base/mutex.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Ends the process with `exit_stop_timed_out` when a stop takes too long, whatever hangs.
///
///     tram::StopDeadline deadline{std::chrono::seconds{20}, logger};
///     deadline.begin();
///     deadline.waiting_for("relay 'orders'");
class StopDeadline final {
 public:
  StopDeadline(Duration timeout, Logger logger);
  ~StopDeadline();
  StopDeadline(StopDeadline const&) = delete;
  StopDeadline& operator=(StopDeadline const&) = delete;

  /// The time runs from the first call. Callable from any thread; never waits.
  void begin() noexcept TRAM_EXCLUDES(mutex_);
  /// Names what the stop waits for now, for the log.
  void waiting_for(std::string what) TRAM_EXCLUDES(mutex_);

 private:
  void watch() TRAM_EXCLUDES(mutex_);
  [[noreturn]] void leave(std::string const& waiting_for);

  Duration timeout_;
  Logger logger_;
  Mutex mutex_;
  std::condition_variable_any news_;
  bool begun_ TRAM_GUARDED_BY(mutex_){};
  bool done_ TRAM_GUARDED_BY(mutex_){};
  std::string waiting_for_ TRAM_GUARDED_BY(mutex_);
  std::jthread thread_;
};

}  // namespace tram

#pragma GCC visibility pop
