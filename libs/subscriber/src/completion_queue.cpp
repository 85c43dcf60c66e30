#include "completion_queue.hpp"

#include <utility>

namespace tram {
namespace {

/// Results wait at most so long for the loop while others come in.
constexpr Duration sleep_longest{std::chrono::milliseconds{5}};

}  // namespace

std::vector<CompletionQueue::Continuation> CompletionQueue::take() {
  Lock const lock{mutex_};
  return std::exchange(finished_, {});
}

bool CompletionQueue::prepare_to_sleep() {
  Lock const lock{mutex_};
  asleep_ = finished_.empty();
  asleep_since_ = clock_.steady();
  return asleep_;
}

void CompletionQueue::awake() {
  Lock const lock{mutex_};
  asleep_ = false;
}

void CompletionQueue::close() {
  Lock const lock{mutex_};
  closed_ = true;
}

bool CompletionQueue::is_closed() const {
  Lock const lock{mutex_};
  return closed_;
}

bool CompletionQueue::nothing_runs() const {
  Lock const lock{mutex_};
  return running_ == 0;
}

void CompletionQueue::wait_until_nothing_runs() {
  Lock const lock{mutex_};
  while (running_ > 0) nothing_runs_.wait(mutex_);
}

bool CompletionQueue::begin() {
  --waiting_;
  Lock const lock{mutex_};
  if (closed_) return false;
  ++running_;
  return true;
}

void CompletionQueue::finish(Continuation then) {
  bool wakes = false;
  {
    Lock const lock{mutex_};
    finished_.push_back(std::move(then));
    --running_;
    wakes = asleep_ && loop_is_needed();
    if (wakes) asleep_ = false;
    if (running_ == 0) nothing_runs_.notify_all();
  }
  if (wakes) wake();
}

bool CompletionQueue::loop_is_needed() const {
  return waiting_ < jobs_min_ || running_ == 0 || clock_.steady() - asleep_since_ >= sleep_longest;
}

}  // namespace tram
