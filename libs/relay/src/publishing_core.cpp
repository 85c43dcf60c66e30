#include "tram/relay/publishing_core.hpp"

#include <algorithm>
#include <utility>

#include "tram/base/assert.hpp"

namespace tram {

Sequence PublishingCore::accept(std::optional<LogPosition> ends_at, std::optional<RowPlace> place) {
  TRAM_ASSERT(!full(), "a row was accepted into a full window");
  Sequence const sequence = next_sequence();
  entries_.push_back({.position = ends_at, .place = place});
  ++in_flight_;
  return sequence;
}

void PublishingCore::seen(LogPosition position) {
  if (entries_.empty()) return reach(position);
  auto& last = entries_.back().position;
  last = std::max(last.value_or(position), position);
}

void PublishingCore::done(Sequence sequence) {
  TRAM_ASSERT(sequence >= first_ && sequence < next_sequence(),
              "a row is done that is not in flight");
  auto& entry = entries_[sequence - first_];
  TRAM_ASSERT(!entry.done, "a row was done twice");
  entry.done = true;
  --in_flight_;
  drain();
}

std::optional<LogPosition> PublishingCore::take_confirmable() {
  if (!std::exchange(moved_, false)) return std::nullopt;
  return reached_;
}

std::optional<RowPlace> PublishingCore::take_settled() {
  return std::exchange(settled_, std::nullopt);
}

void PublishingCore::start_over() {
  TRAM_ASSERT(entries_.empty(), "another log began while rows of the last one were in flight");
  reached_.reset();
  moved_ = false;
  settled_.reset();
}

void PublishingCore::restart() {
  first_ = next_sequence();
  entries_.clear();
  in_flight_ = 0;
}

void PublishingCore::drain() {
  while (!entries_.empty() && entries_.front().done) {
    if (auto const position = entries_.front().position) reach(*position);
    if (entries_.front().place) settled_ = entries_.front().place;
    entries_.pop_front();
    ++first_;
  }
}

void PublishingCore::reach(LogPosition position) {
  if (reached_ && *reached_ >= position) return;
  reached_ = position;
  moved_ = true;
}

}  // namespace tram
