#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <thread>
#include <utility>
#include <vector>

#include "tram/base/error.hpp"
#include "tram/base/mutex.hpp"
#include "tram/base/process_family.hpp"
#include "tram/subscriber/workers.hpp"

namespace tram {

struct WorkerPool::State {
  void work() {
    while (auto const job = next()) job();
  }

  /// The next job; an empty one when the pool ends.
  Job next() TRAM_EXCLUDES(mutex) {
    Lock lock{mutex};
    ++idle;
    while (jobs.empty() && !ending) news.wait(mutex);
    --idle;
    if (ending) return {};
    auto job = std::move(jobs.front());
    jobs.pop_front();
    return job;
  }

  void add(Job job) TRAM_EXCLUDES(mutex) {
    bool somebody_waits = false;
    {
      Lock const lock{mutex};
      jobs.push_back(std::move(job));
      somebody_waits = idle > 0;
    }
    if (somebody_waits) news.notify_one();
  }

  void end() TRAM_EXCLUDES(mutex) {
    {
      Lock const lock{mutex};
      ending = true;
    }
    news.notify_all();
  }

  Mutex mutex;
  std::condition_variable_any news;
  std::deque<Job> jobs TRAM_GUARDED_BY(mutex);
  std::size_t idle TRAM_GUARDED_BY(mutex){};
  bool ending TRAM_GUARDED_BY(mutex){};
  std::uint64_t const process{process_generation()};
  std::vector<std::jthread> threads;
};

WorkerPool::WorkerPool(std::size_t threads) : state_{std::make_unique<State>()} {
  if (threads == 0) {
    throw Error{Fault::rejected, "workers: a pool of no threads handles nothing; give it one"};
  }
  state_->threads.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    state_->threads.emplace_back([state = state_.get()] { state->work(); });
  }
}

WorkerPool::~WorkerPool() {
  if (state_->process != process_generation()) {
    // In a child there are no threads that could be waited for.
    static_cast<void>(state_.release());
    return;
  }
  state_->end();
}

void WorkerPool::submit(Job job) {
  require_made_here(state_->process, "workers: the pool");
  state_->add(std::move(job));
}

std::size_t WorkerPool::count() const { return state_->threads.size(); }

}  // namespace tram
