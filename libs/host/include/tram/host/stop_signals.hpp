#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "tram/base/clock.hpp"
#include "tram/base/detail/chrono.hpp"
#include "tram/base/detail/function.hpp"
#include "tram/base/log.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Turns SIGTERM and SIGINT into a stop request:
///
///     int main() {
///       tram::StopSignals const signals;
///       …
///       return service.run(signals.stop());
///     }
///
/// A second signal ends the process at once, with 128 and the signal's number; so does, with
/// `exit_stop_timed_out`, a stop that takes longer than `stop_timeout`, where one is given (a
/// `Service` watches that itself); the log then says what `waiting_for` says, which is called by
/// another thread, and for half a second at most. The same signal again within `echo` is no second
/// one: GNU timeout, which stops a process and its group, sends it twice.
///
/// Programs that the process starts get both signals as any other program does, and so does a child
/// that is forked: it ends by them, and does not stop its parent. One per process; afterwards the
/// signals have their usual effect again. The constructor throws: transient, when the process has
/// no descriptors left.
class StopSignals final {
 public:
  explicit StopSignals(Logger logger = {}, std::optional<Duration> stop_timeout = std::nullopt,
                       Duration echo = std::chrono::seconds{1},
                       std::function<std::string()> waiting_for = {});
  ~StopSignals();
  StopSignals(StopSignals const&) = delete;
  StopSignals& operator=(StopSignals const&) = delete;

  [[nodiscard]] std::stop_token stop() const { return source_.get_token(); }
  /// Stops the program as a first SIGTERM does. Callable from any thread; never waits.
  void request_stop() const;

 private:
  void watch();
  /// The one that ends the process; 0 as below.
  int second_signal(int first);
  /// The signal that came; 0 when this object ends or the time is over.
  int next_signal(std::optional<Duration> timeout);

  SystemClock const clock_{};
  std::optional<Duration> stop_timeout_;
  Duration echo_;
  Logger logger_;
  std::function<std::string()> waiting_for_;
  std::stop_source source_;
  int signals_;
  int ended_;
  std::jthread thread_;
};

}  // namespace tram

#pragma GCC visibility pop
