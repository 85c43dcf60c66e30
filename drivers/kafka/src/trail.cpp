#include "trail.hpp"

#include <algorithm>
#include <utility>

namespace tram::kafka {

Trail::Trail(Offset stored, std::optional<Landmark> noted) : expected_{stored}, next_{stored} {
  // Beside a position that was moved by hand there may be a note of another one.
  if (!noted || (noted->position != stored && noted->position + 1 != stored)) return;
  expected_ = noted->position;
  last_ = done_ = sought_ = noted;
}

Trail Trail::from_end(Offset end) {
  Trail trail;
  trail.expected_ = std::max<Offset>(end - 1, 0);
  trail.next_ = end;
  return trail;
}

bool Trail::suspect() {
  if (!last_) return false;
  if (!suspected_) suspected_ = last_;
  unproved_ = true;
  return true;
}

Trail::Taken Trail::take(Landmark const& record) {
  if (record.position < expected_) return {.step = Step::foreign};
  auto const sought = std::exchange(sought_, std::nullopt);
  bool const found = sought && sought->position == record.position;
  if (found && *sought != record) return {.step = Step::foreign};
  Taken taken{.step = Step::known, .found = found, .missed = sought && !found};
  auto const wanted = std::max(expected_, next_);
  expected_ = record.position + 1;
  if (record.position < next_) {
    if (!last_) last_ = record;
    return taken;
  }
  if (wanted >= 0 && record.position > wanted)
    taken.gap = {.from = wanted, .next = record.position};
  taken.step = Step::news;
  next_ = expected_;
  last_ = record;
  if (open_.size() == known_max) open_.pop_front();
  open_.push_back(record);
  return taken;
}

void Trail::acknowledge(Offset next) {
  while (!open_.empty() && open_.front().position < next) {
    done_ = open_.front();
    open_.pop_front();
  }
}

std::optional<Landmark> Trail::landmark_for(Offset stored) const {
  bool const is_of_it = done_ && (done_->position + 1 == stored || done_->position == stored);
  if (is_of_it) return done_;
  if (!open_.empty() && open_.front().position == stored) return open_.front();
  return std::nullopt;
}

Offset Trail::look_back() {
  sought_ = suspected_ ? std::exchange(suspected_, std::nullopt) : last_;
  // A store that is answered from now on wants another look.
  unproved_ = false;
  is_within_ = false;
  expected_ = sought_->position;
  return expected_;
}

bool Trail::ends_at(Offset end) {
  is_within_ = sought_ && sought_->position < end;
  return !sought_ || is_within_;
}

}  // namespace tram::kafka
