#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tram/base/log.hpp"
#include "tram/base/mutex.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// When a part is stopped: those that give work to others go first.
enum class StopStage : std::uint8_t { components, subscriber, relays };

/// A part that threw, or ended though neither it nor the program was asked to stop.
struct FailedThread {
  std::string name;
  std::string reason;
};

/// The threads of a service, each watched.
///
///     threads.start(tram::StopStage::relays, "relay", [&](std::stop_token stop) { relay.run(stop);
///     }); threads.watch(stop);
class ThreadSupervisor final {
 public:
  using Work = std::function<void(std::stop_token)>;

  explicit ThreadSupervisor(Logger logger) : logger_{std::move(logger)} {}

  /// The stop of the whole program: a part that returns once it is requested is not lost, though
  /// its own turn has not come. Before the first `start`.
  void ends_with(std::stop_token const& program_stop) { program_stop_ = program_stop; }
  /// Throws: `std::system_error` when there are no threads left.
  void start(StopStage stage, std::string name, Work work);
  /// Waits until a stop is requested or a part is lost.
  void watch(std::stop_token const& stop);
  /// Asks the parts of the stage to stop, and waits for one after the other; `waits_for` is told
  /// which.
  void stop(StopStage stage, std::function<void(std::string const& name)> const& waits_for);
  /// The first one.
  [[nodiscard]] std::optional<FailedThread> lost() const TRAM_EXCLUDES(mutex_);

 private:
  struct Member {
    StopStage stage;
    std::string name;
    std::jthread thread;
  };

  void ended(std::string const& name, std::string const& reason) TRAM_EXCLUDES(mutex_);

  Logger logger_;
  std::stop_token program_stop_;
  mutable Mutex mutex_;
  std::condition_variable_any news_;
  std::optional<FailedThread> lost_ TRAM_GUARDED_BY(mutex_);
  std::vector<Member> members_;
};

}  // namespace tram

#pragma GCC visibility pop
