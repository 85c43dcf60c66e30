#include "tram/host/stop_deadline.hpp"

#include <cstdlib>
#include <utility>

#include "tram/host/exit_status.hpp"

namespace tram {

StopDeadline::StopDeadline(Duration timeout, Logger logger)
    : timeout_{timeout}, logger_{std::move(logger)}, thread_{[this] { watch(); }} {}

StopDeadline::~StopDeadline() {
  {
    Lock const lock{mutex_};
    done_ = true;
  }
  news_.notify_all();
}

void StopDeadline::begin() noexcept {
  {
    Lock const lock{mutex_};
    begun_ = true;
  }
  news_.notify_all();
}

void StopDeadline::waiting_for(std::string what) {
  Lock const lock{mutex_};
  waiting_for_ = std::move(what);
}

void StopDeadline::watch() {
  std::string hangs;
  {
    Lock const lock{mutex_};
    while (!begun_ && !done_) news_.wait(mutex_);
    bool in_time = true;
    while (!done_ && in_time)
      in_time = news_.wait_for(mutex_, timeout_) == std::cv_status::no_timeout;
    if (done_) return;
    hangs = waiting_for_;
  }
  leave(hangs);
}

void StopDeadline::leave(std::string const& waiting_for) {
  auto const after = std::chrono::duration_cast<std::chrono::milliseconds>(timeout_).count();
  logger_.error("service.stop_timed_out", {{"after_ms", after}, {"waiting_for", waiting_for}});
  std::_Exit(exit_stop_timed_out);
}

}  // namespace tram
