#include "relay_core.hpp"

#include <algorithm>
#include <chrono>

namespace tram {
namespace {

/// However quiet all is, the loop shows that it lives.
constexpr Duration wait_max{std::chrono::seconds{1}};

}  // namespace

bool RelayCore::makes_producer() const {
  return !facts_.draining && !facts_.has_producer && facts_.now >= facts_.broker_not_before;
}

bool RelayCore::loads_held() const {
  return !facts_.draining && !facts_.held_known && facts_.now >= facts_.held_not_before;
}

/// While it drains, too: a server gives up a reader that says nothing, and the position could not
/// be stored at the end.
RelayCore::Reading RelayCore::reading() const {
  if (facts_.draining ? facts_.source_troubled : !source_ready()) return Reading::nothing;
  if (!facts_.draining && takes_rows()) return Reading::rows;
  return facts_.now >= facts_.next_poll ? Reading::keep_alive : Reading::nothing;
}

bool RelayCore::replays_held() const {
  return may_replay() && facts_.now >= facts_.next_held_check;
}

/// What is held must be known: a row behind a held one of its key is held, too.
bool RelayCore::publishes() const {
  return !facts_.draining && facts_.has_producer && facts_.held_known && facts_.rows_pending;
}

bool RelayCore::stores_held() const {
  return facts_.waiting_to_be_held && facts_.now >= facts_.held_not_before;
}

bool RelayCore::settles_replays() const {
  return facts_.replays_to_settle && !facts_.replays_in_flight && !facts_.waiting_to_be_held &&
         facts_.now >= facts_.held_not_before;
}

bool RelayCore::removes_old_rows() const {
  return may_remove_old_rows() && facts_.now >= facts_.next_retention;
}

bool RelayCore::asks_broker() const {
  return caught_up() && facts_.has_producer && facts_.broker_doubted &&
         facts_.now >= facts_.broker_not_before;
}

bool RelayCore::caught_up() const {
  return facts_.all_seen && !facts_.rows_pending && facts_.window_empty;
}

bool RelayCore::waits_for_rows() const {
  return !facts_.draining && source_ready() && takes_rows();
}

SteadyTime RelayCore::next_step() const {
  auto next = std::min(next_read(), facts_.now + wait_max);
  for (auto const not_before :
       {facts_.broker_not_before, facts_.held_not_before, facts_.retention_not_before}) {
    if (facts_.now < not_before) next = std::min(next, not_before);
  }
  if (may_replay()) next = std::min(next, facts_.next_held_check);
  if (may_remove_old_rows()) next = std::min(next, facts_.next_retention);
  return next;
}

SteadyTime RelayCore::next_read() const {
  if (facts_.draining) return facts_.source_troubled ? SteadyTime::max() : facts_.next_poll;
  if (facts_.now < facts_.source_not_before) return facts_.source_not_before;
  if (waits_for_completions()) return SteadyTime::max();
  bool const has_more = !facts_.source_empty && !facts_.rows_pending && facts_.window_open;
  return has_more ? facts_.next_rows : facts_.next_poll;
}

bool RelayCore::source_ready() const {
  return facts_.now >= facts_.source_not_before && !waits_for_completions();
}

bool RelayCore::takes_rows() const {
  return !facts_.rows_pending && facts_.window_open && facts_.now >= facts_.next_rows;
}

bool RelayCore::waits_for_completions() const {
  return facts_.read_after_completion && (!facts_.window_empty || facts_.rows_pending);
}

/// Not while a row is on its way to the stored ones: its key could be taken for free.
bool RelayCore::may_replay() const {
  return !facts_.draining && facts_.has_producer && facts_.held_known &&
         !facts_.waiting_to_be_held && !facts_.replays_in_flight && !facts_.replays_to_settle &&
         facts_.now >= facts_.held_not_before;
}

/// Not while the source is in trouble: what was confirmed may be of another outbox than the one
/// there.
bool RelayCore::may_remove_old_rows() const {
  return facts_.has_old_rows && !facts_.draining && !facts_.source_troubled &&
         facts_.now >= facts_.retention_not_before;
}

}  // namespace tram
