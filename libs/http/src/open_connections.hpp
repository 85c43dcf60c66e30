#pragma once

#include <condition_variable>
#include <cstddef>
#include <map>

#include "tram/base/clock.hpp"
#include "tram/base/mutex.hpp"

namespace tram::http {

/// Which connections are open, and since when each has completed nothing. Callable from any thread.
class OpenConnections {
 public:
  OpenConnections(Clock& clock, Duration request_timeout)
      : clock_{clock}, request_timeout_{request_timeout} {}

  void opened(int descriptor) TRAM_EXCLUDES(mutex_);
  /// Must be called before the descriptor is closed.
  void closed(int descriptor) TRAM_EXCLUDES(mutex_);
  void request_began() TRAM_EXCLUDES(mutex_);
  /// The connection may take its time again.
  void request_ended(int descriptor) TRAM_EXCLUDES(mutex_);
  /// Shuts down those whose time is over; their owner then closes them.
  void shut_down_overdue() TRAM_EXCLUDES(mutex_);
  /// Waits until no request is under way, `timeout` at most.
  void wait_for_requests(Duration timeout) TRAM_EXCLUDES(mutex_);

 private:
  Clock& clock_;
  Duration request_timeout_;
  Mutex mutex_;
  std::condition_variable_any ended_;
  std::map<int, SteadyTime> since_ TRAM_GUARDED_BY(mutex_);
  std::size_t requests_ TRAM_GUARDED_BY(mutex_){};
};

}  // namespace tram::http
