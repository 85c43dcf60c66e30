#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tram/base/mutex.hpp"
#include "tram/base/wake_up.hpp"
#include "tram/messaging/workers.hpp"

namespace tram {

/// Where workers leave their results for the loop, and the loop its sleep. Closed, it lets nothing
/// begin any more.
class JobBoard final : public std::enable_shared_from_this<JobBoard> {
 public:
  /// What the loop does with a result, on its own thread.
  using Continuation = std::function<void()>;

  /// Gives `work`, which returns a Continuation, to the workers. A job that begins after the board
  /// was closed does nothing.
  template <class Work>
  void submit(Workers& workers, Work work) {
    workers.submit([board = shared_from_this(), work = std::move(work)]() mutable {
      if (board->begin()) board->finish(work());
    });
  }

  /// The loop's, in the order of finishing.
  std::vector<Continuation> take() TRAM_EXCLUDES(mutex_);
  /// False when there is something to take: then the loop must not sleep. Otherwise the next
  /// finished job makes `descriptor` readable.
  bool prepare_to_sleep() TRAM_EXCLUDES(mutex_);
  /// Ends the sleep: finished jobs make no system calls any more.
  void awake() TRAM_EXCLUDES(mutex_);
  [[nodiscard]] int descriptor() const { return wake_up_.descriptor(); }
  /// Makes `descriptor` readable.
  void wake() noexcept { wake_up_.raise(); }

  void close() TRAM_EXCLUDES(mutex_);
  [[nodiscard]] bool is_closed() const TRAM_EXCLUDES(mutex_);
  /// No job runs. Those that wait for a worker do not count.
  [[nodiscard]] bool nothing_runs() const TRAM_EXCLUDES(mutex_);
  /// Waits for the jobs that run.
  void wait_until_nothing_runs() TRAM_EXCLUDES(mutex_);

 private:
  bool begin() TRAM_EXCLUDES(mutex_);
  void finish(Continuation then) TRAM_EXCLUDES(mutex_);

  WakeUp wake_up_{"subscriber"};
  mutable Mutex mutex_;
  std::condition_variable_any nothing_runs_;
  std::vector<Continuation> finished_ TRAM_GUARDED_BY(mutex_);
  std::size_t running_ TRAM_GUARDED_BY(mutex_){};
  bool asleep_ TRAM_GUARDED_BY(mutex_){};
  bool closed_ TRAM_GUARDED_BY(mutex_){};
};

}  // namespace tram
