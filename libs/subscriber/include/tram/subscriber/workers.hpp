#pragma once

#include <cstddef>

#include "tram/base/detail/function.hpp"
#include "tram/base/detail/memory.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Runs jobs, each once, on its own threads. One pool serves all subscriptions of a service.
///
///     workers.submit([&] { handle(message); });
class Workers {
 public:
  using Job = std::function<void()>;
  virtual ~Workers() = default;
  /// Queues a job; callable from any thread, never waits. A job must not throw: one that does ends
  /// the process.
  virtual void submit(Job job) = 0;
  /// How many jobs run at the same time at most.
  [[nodiscard]] virtual std::size_t count() const = 0;
};

/// Threads that live as long as the pool. Its destructor waits for the jobs that run and drops the
/// others.
///
///     tram::WorkerPool workers{8};
class WorkerPool final : public Workers {
 public:
  /// `threads` at least 1.
  explicit WorkerPool(std::size_t threads);
  ~WorkerPool() override;
  WorkerPool(WorkerPool const&) = delete;
  WorkerPool& operator=(WorkerPool const&) = delete;

  void submit(Job job) override;
  [[nodiscard]] std::size_t count() const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tram

#pragma GCC visibility pop
