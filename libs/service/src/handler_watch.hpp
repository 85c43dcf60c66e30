#pragma once

#include <stop_token>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/log.hpp"
#include "tram/base/mutex.hpp"
#include "tram/messaging/interceptor.hpp"

namespace tram {

/// Tells of handlers that run for a long time, while they do: one that waits for ever is in no
/// other line of the log.
class HandlerWatch final {
 public:
  /// `clock` outlives it.
  HandlerWatch(Clock& clock, Logger logger, Duration slow_after)
      : clock_{clock}, logger_{std::move(logger)}, slow_after_{slow_after} {}

  /// Notes each run; the watch outlives the handlers.
  [[nodiscard]] std::shared_ptr<MessageInterceptor> interceptor();
  void run(std::stop_token const& stop);
  /// Logs what has run for too long now: again each time that has taken twice as long.
  void look() TRAM_EXCLUDES(mutex_);

 private:
  struct Running {
    IncomingMessage const* incoming;
    SteadyTime since;
    /// When it is told next.
    Duration told_after;
  };
  class Noted;

  void tell(Running const& running, Duration duration) const;

  Clock& clock_;
  Logger logger_;
  Duration slow_after_;
  Mutex mutex_;
  /// They are on the stacks of the threads that run them.
  std::vector<Running*> all_ TRAM_GUARDED_BY(mutex_);
};

}  // namespace tram
