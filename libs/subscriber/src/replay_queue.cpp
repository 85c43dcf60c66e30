#include "replay_queue.hpp"

#include <iterator>
#include <utility>

#include "pauses.hpp"
#include "tram/base/assert.hpp"

namespace tram {

namespace {
constexpr std::size_t keys_together = 32;
}  // namespace

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

ReplayTurn ReplayQueue::take(SteadyTime now) {
  bool const is_due = !waiting_.empty() && waiting_.begin()->first <= now;
  if (ready_.empty() && !is_due) return {};
  retried_ = is_due && (ready_.empty() || !retried_);
  if (retried_) return {try_of(waiting_.extract(waiting_.begin()).mapped())};
  ReplayTurn turn{take_ready()};
  if (turn.front().alone) return turn;
  while (turn.size() < keys_together && !ready_.empty() && may_share(ready_.front())) {
    turn.push_back(take_ready());
  }
  return turn;
}

ReplayTry ReplayQueue::take_ready() {
  auto const key = std::move(ready_.front());
  ready_.pop_front();
  return try_of(key);
}

ReplayTry ReplayQueue::try_of(HeldKey const& key) const {
  auto const& state = keys_.at(key);
  return {.key = key,
          .alone = state.alone,
          .last_failure = state.failures + 1 >= options_.retry.attempts_max,
          .last_unavailable = state.unavailable_itself + 1 >= options_.retry.unavailable_max};
}

void ReplayQueue::finished(ReplayTurn const& turn, ReplayRuns const& runs, SteadyTime now) {
  TRAM_ASSERT(turn.size() == runs.size(), "every key of a turn has a result");
  std::deque<HeldKey> not_reached;
  for (std::size_t i = 0; i < turn.size(); ++i) {
    auto const& run = runs[i];
    bool const reached = run.replayed > 0 || run.done || run.trouble || run.run_alone;
    if (reached) {
      finished(turn[i].key, run, now);
    } else {
      not_reached.push_back(turn[i].key);
    }
  }
  ready_.insert(ready_.begin(), not_reached.begin(), not_reached.end());
}

void ReplayQueue::finished(HeldKey const& key, ReplayRun const& run, SteadyTime now) {
  auto const found = keys_.find(key);
  TRAM_ASSERT(found != keys_.end(), "a replay came back that was not started");
  if (run.done || run.given_up) {
    keys_.erase(found);
    return;
  }
  if (run.replayed > 0) found->second = {};
  if (run.trouble) return failed(key, *run.trouble, now);
  found->second.alone = run.run_alone;
  ready_.push_back(key);
}

void ReplayQueue::failed(HeldKey const& key, RunResult const& trouble, SteadyTime now) {
  auto& state = keys_.at(key);
  state.alone = true;
  bool const away = trouble.status == RunStatus::unavailable;
  int const failures = away ? ++state.unavailable : ++state.failures;
  bool const itself = is_its_own(trouble);
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
