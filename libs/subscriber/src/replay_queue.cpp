#include "replay_queue.hpp"

#include <iterator>
#include <utility>

#include "pauses.hpp"
#include "tram/base/assert.hpp"

namespace tram {

void ReplayQueue::requested(std::vector<HeldKey> const& keys) {
  for (auto const& key : keys) {
    if (keys_.contains(key)) continue;
    if (keys_.size() >= keys_max_ && !make_room()) return;
    keys_.try_emplace(key);
    ready_.push_back(key);
  }
}

bool ReplayQueue::make_room() {
  if (waiting_.empty()) return false;
  auto const last = std::prev(waiting_.end());
  keys_.erase(last->second);
  waiting_.erase(last);
  return true;
}

std::optional<ReplayTry> ReplayQueue::take(SteadyTime now) {
  bool const is_due = !waiting_.empty() && waiting_.begin()->first <= now;
  if (ready_.empty() && !is_due) return std::nullopt;
  retried_ = is_due && (ready_.empty() || !retried_);
  if (retried_) {
    auto const key = waiting_.extract(waiting_.begin()).mapped();
    return try_of(key);
  }
  auto const key = std::move(ready_.front());
  ready_.pop_front();
  return try_of(key);
}

ReplayTry ReplayQueue::try_of(HeldKey const& key) const {
  auto const& state = keys_.at(key);
  return {.key = key,
          .last_failure = state.failures + 1 >= options_.retry.attempts_max,
          .last_unavailable = state.unavailable_itself + 1 >= options_.retry.unavailable_max};
}

void ReplayQueue::finished(HeldKey const& key, ReplayRun const& run, SteadyTime now) {
  auto const found = keys_.find(key);
  TRAM_ASSERT(found != keys_.end(), "a replay came back that was not started");
  if (run.done || run.given_up) {
    keys_.erase(found);
    return;
  }
  if (run.replayed > 0) found->second = {};
  if (!run.trouble) {
    ready_.push_back(key);
    return;
  }
  auto& state = found->second;
  bool const away = run.trouble->status == RunStatus::unavailable;
  int const failures = away ? ++state.unavailable : ++state.failures;
  bool const itself = is_its_own(*run.trouble);
  if (itself) ++state.unavailable_itself;
  auto const pause =
      itself ? pause_alone(options_, failures) : options_.retry.pause_after(failures);
  waiting_.emplace(now + jittered(pause, random_), key);
}

SteadyTime ReplayQueue::next_due() const {
  if (!ready_.empty()) return SteadyTime::min();
  return waiting_.empty() ? SteadyTime::max() : waiting_.begin()->first;
}

}  // namespace tram
