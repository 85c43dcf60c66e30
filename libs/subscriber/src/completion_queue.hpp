#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/mutex.hpp"
#include "tram/base/wake_up.hpp"
#include "tram/subscriber/workers.hpp"

namespace tram {

/// Where workers leave their results for the loop, and the loop its sleep. Closed, it lets nothing
/// begin any more.
///
/// The loop is woken when its workers need it: when they may find nothing to do soon, when nothing
/// runs, or when it has slept for a while. Until then results gather, and a wake-up serves many.
class CompletionQueue final : public std::enable_shared_from_this<CompletionQueue> {
 public:
  /// What the loop does with a result, on its own thread.
  using Continuation = std::function<void()>;

  /// `clock` outlives the board. `jobs_min` are to wait for a worker as long as there are as many.
  CompletionQueue(Clock& clock, std::size_t jobs_min) : clock_{clock}, jobs_min_{jobs_min} {}

  /// Gives `work`, which returns a Continuation, to the workers. A job that begins after the board
  /// was closed does nothing.
  template <class Work>
  void submit(Workers& workers, Work work) {
    ++waiting_;
    workers.submit([board = shared_from_this(), work = std::move(work)]() mutable {
      if (board->begin()) board->finish(work());
    });
  }

  /// The loop's, in the order of finishing.
  std::vector<Continuation> take() TRAM_EXCLUDES(mutex_);
  /// False when there is something to take: then the loop must not sleep. Otherwise a finished job
  /// makes `descriptor` readable when the workers need the loop.
  bool prepare_to_sleep() TRAM_EXCLUDES(mutex_);
  /// Ends the sleep: finished jobs make no system calls any more.
  void awake() TRAM_EXCLUDES(mutex_);
  [[nodiscard]] int descriptor() const { return wake_up_.descriptor(); }
  /// Makes `descriptor` readable, and not readable.
  void wake() noexcept { wake_up_.raise(); }
  void calm() noexcept { wake_up_.lower(); }

  void close() TRAM_EXCLUDES(mutex_);
  [[nodiscard]] bool is_closed() const TRAM_EXCLUDES(mutex_);
  /// No job runs. Those that wait for a worker do not count.
  [[nodiscard]] bool nothing_runs() const TRAM_EXCLUDES(mutex_);
  /// Waits for the jobs that run.
  void wait_until_nothing_runs() TRAM_EXCLUDES(mutex_);

 private:
  bool begin() TRAM_EXCLUDES(mutex_);
  void finish(Continuation then) TRAM_EXCLUDES(mutex_);
  [[nodiscard]] bool loop_is_needed() const TRAM_REQUIRES(mutex_);

  Clock& clock_;
  std::size_t jobs_min_;
  WakeUp wake_up_{"subscriber"};
  /// Submitted and not begun.
  std::atomic<std::size_t> waiting_{};
  mutable Mutex mutex_;
  std::condition_variable_any nothing_runs_;
  std::vector<Continuation> finished_ TRAM_GUARDED_BY(mutex_);
  std::size_t running_ TRAM_GUARDED_BY(mutex_){};
  bool asleep_ TRAM_GUARDED_BY(mutex_){};
  SteadyTime asleep_since_ TRAM_GUARDED_BY(mutex_){};
  bool closed_ TRAM_GUARDED_BY(mutex_){};
};

}  // namespace tram
