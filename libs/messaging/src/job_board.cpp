#include "job_board.hpp"

#include <utility>

namespace tram {
namespace {

/// Results wait at most so long for the loop while others come in.
constexpr Duration sleep_longest{std::chrono::milliseconds{5}};

}  // namespace

std::vector<JobBoard::Continuation> JobBoard::take() {
  Lock const lock{mutex_};
  return std::exchange(finished_, {});
}

bool JobBoard::prepare_to_sleep() {
  Lock const lock{mutex_};
  asleep_ = finished_.empty();
  asleep_since_ = clock_.steady();
  return asleep_;
}

void JobBoard::awake() {
  Lock const lock{mutex_};
  asleep_ = false;
}

void JobBoard::close() {
  Lock const lock{mutex_};
  closed_ = true;
}

bool JobBoard::is_closed() const {
  Lock const lock{mutex_};
  return closed_;
}

bool JobBoard::nothing_runs() const {
  Lock const lock{mutex_};
  return running_ == 0;
}

void JobBoard::wait_until_nothing_runs() {
  Lock const lock{mutex_};
  while (running_ > 0) nothing_runs_.wait(mutex_);
}

bool JobBoard::begin() {
  --waiting_;
  Lock const lock{mutex_};
  if (closed_) return false;
  ++running_;
  return true;
}

void JobBoard::finish(Continuation then) {
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

bool JobBoard::loop_is_needed() const {
  return waiting_ < jobs_min_ || running_ == 0 || clock_.steady() - asleep_since_ >= sleep_longest;
}

}  // namespace tram
