#include "publish_window.hpp"

#include <algorithm>
#include <utility>

#include "tram/base/assert.hpp"

namespace tram {

void PublishWindow::accept(OutboxRow row) {
  auto const [ends_at, place] = std::pair{row.ends_at, row.place};
  add({.held = {.row = std::move(row), .key = {}, .reason = {}},
       .ends_at = ends_at,
       .place = place});
}

void PublishWindow::accept(StoredHeldRow stored) {
  add({.held = {.row = std::move(stored.row), .key = {}, .reason = {}}, .stored_id = stored.id});
  ++replays_;
}

void PublishWindow::accept(HeldRow held) {
  auto const [ends_at, place] = std::pair{held.row.ends_at, held.row.place};
  add({.held = std::move(held), .state = State::to_hold, .ends_at = ends_at, .place = place});
  ++waiting_to_be_held_;
}

void PublishWindow::add(Entry entry) {
  TRAM_ASSERT(entries_.size() < limits_.rows, "a row was accepted into a full window");
  bytes_ += bytes_of(entry);
  ++in_flight_;
  entries_.push_back(std::move(entry));
}

void PublishWindow::seen(LogPosition position) {
  if (entries_.empty()) return reach(position);
  auto& last = entries_.back().ends_at;
  last = std::max(last.value_or(position), position);
}

OutboxRow const& PublishWindow::row(Sequence sequence) const {
  return entries_[index_at_broker(sequence)].held.row;
}

std::optional<std::int64_t> PublishWindow::land(Sequence sequence) {
  auto const stored_id = finish(entries_[index_at_broker(sequence)]);
  drain();
  return stored_id;
}

std::optional<std::int64_t> PublishWindow::refuse(Sequence sequence, std::optional<std::string> key,
                                                  std::string reason, HeldCause cause) {
  Entry& entry = entries_[index_at_broker(sequence)];
  if (entry.stored_id) return land(sequence);
  entry.state = State::to_hold;
  entry.held.key = std::move(key);
  entry.held.reason = std::move(reason);
  entry.held.cause = cause;
  ++waiting_to_be_held_;
  return std::nullopt;
}

std::vector<HeldRow> PublishWindow::to_hold(std::size_t rows_max) const {
  std::vector<HeldRow> rows;
  for (auto const& entry : entries_) {
    if (entry.state == State::at_broker || rows.size() == rows_max) break;
    if (entry.state == State::to_hold) rows.push_back(entry.held);
  }
  return rows;
}

void PublishWindow::stored(std::size_t rows) {
  for (auto entry = entries_.begin(); rows > 0; ++entry) {
    TRAM_ASSERT(entry != entries_.end() && entry->state != State::at_broker,
                "a row was stored that was not to be");
    if (entry->state == State::done) continue;
    finish(*entry);
    --rows;
  }
  drain();
}

std::optional<LogPosition> PublishWindow::take_confirmable() {
  if (!std::exchange(moved_, false)) return std::nullopt;
  return reached_;
}

std::optional<RowPlace> PublishWindow::take_settled() {
  return std::exchange(settled_, std::nullopt);
}

void PublishWindow::restart() {
  first_ = next_sequence();
  entries_.clear();
  bytes_ = in_flight_ = waiting_to_be_held_ = replays_ = 0;
}

void PublishWindow::start_over() {
  TRAM_ASSERT(entries_.empty(), "another log began while rows of the last one were in flight");
  reached_.reset();
  moved_ = false;
  settled_.reset();
}

bool PublishWindow::invariant() const {
  auto const count = [&](auto const& is) {
    return static_cast<std::size_t>(std::ranges::count_if(entries_, is));
  };
  std::size_t bytes = 0;
  for (auto const& entry : entries_) bytes += bytes_of(entry);
  return (entries_.empty() || entries_.front().state != State::done) && bytes == bytes_ &&
         entries_.size() <= limits_.rows && (!moved_ || reached_) &&
         in_flight_ == count([](auto const& each) { return each.state != State::done; }) &&
         waiting_to_be_held_ ==
             count([](auto const& each) { return each.state == State::to_hold; }) &&
         replays_ == count([](auto const& each) { return each.stored_id.has_value(); });
}

std::size_t PublishWindow::index_at_broker(Sequence sequence) const {
  TRAM_ASSERT(sequence >= first_ && sequence < next_sequence(),
              "a completion for a record that is not in flight");
  auto const index = sequence - first_;
  TRAM_ASSERT(entries_[index].state == State::at_broker,
              "a completion for a record that was completed before");
  return index;
}

/// What the row took up is free; what it lets confirm waits for those before it.
std::optional<std::int64_t> PublishWindow::finish(Entry& entry) {
  bytes_ -= bytes_of(entry);
  --in_flight_;
  if (entry.stored_id) --replays_;
  if (entry.state == State::to_hold) --waiting_to_be_held_;
  entry.held = {};
  entry.state = State::done;
  return std::exchange(entry.stored_id, std::nullopt);
}

void PublishWindow::drain() {
  while (!entries_.empty() && entries_.front().state == State::done) {
    auto const& done = entries_.front();
    if (done.ends_at) reach(*done.ends_at);
    if (done.place) settled_ = done.place;
    entries_.pop_front();
    ++first_;
  }
}

void PublishWindow::reach(LogPosition position) {
  if (reached_ && *reached_ >= position) return;
  reached_ = position;
  moved_ = true;
}

std::size_t PublishWindow::bytes_of(Entry const& entry) {
  auto const& row = entry.held.row;
  return row.destination.size() + (row.headers ? row.headers->size() : 0) +
         (row.payload ? row.payload->size() : 0);
}

}  // namespace tram
