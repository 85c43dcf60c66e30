#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tram/base/assert.hpp"
#include "tram/broker/producer.hpp"
#include "tram/relay/held_row_store.hpp"

namespace tram {

/// A row on its way: to the broker, or to the table of held rows.
struct Flight {
  enum class State : std::uint8_t { at_broker, to_hold, done };
  OutboxRow row;
  State state{State::at_broker};
  /// Of a row that is to be held.
  std::optional<std::string> key{};
  std::string reason{};
  /// Set for a stored row that is published again.
  std::optional<std::int64_t> stored_id{};
};

/// The rows of the publishing core's window, by sequence: needed again when the broker refuses one.
class Flights {
 public:
  void add(Sequence sequence, Flight flight) {
    if (flights_.empty()) first_ = sequence;
    TRAM_ASSERT(sequence == first_ + flights_.size(), "rows take off one after the other");
    bytes_ += size_of(flight);
    flights_.push_back(std::move(flight));
  }

  Flight& at(Sequence sequence) {
    TRAM_ASSERT(sequence >= first_ && sequence - first_ < flights_.size(),
                "a completion for a record that is not in flight");
    return flights_[sequence - first_];
  }

  void finish(Sequence sequence) {
    Flight& flight = at(sequence);
    bytes_ -= size_of(flight);
    flight = Flight{.row = {}, .state = Flight::State::done};
    while (!flights_.empty() && flights_.front().state == Flight::State::done) {
      flights_.pop_front();
      ++first_;
    }
  }

  /// The oldest rows, if all before them are done and they are to be held, at most `rows_max`.
  [[nodiscard]] std::vector<Sequence> to_hold(std::size_t rows_max) const {
    std::vector<Sequence> sequences;
    for (std::size_t i = 0; i < flights_.size() && sequences.size() < rows_max; ++i) {
      if (flights_[i].state == Flight::State::at_broker) break;
      if (flights_[i].state == Flight::State::to_hold) sequences.push_back(first_ + i);
    }
    return sequences;
  }

  void clear() {
    flights_.clear();
    bytes_ = 0;
  }

  /// What the rows that are not done take up.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  static std::size_t size_of(Flight const& flight) {
    auto const& row = flight.row;
    return row.destination.size() + row.headers.value_or("").size() +
           row.payload.value_or("").size();
  }

  std::deque<Flight> flights_;
  Sequence first_{1};
  std::size_t bytes_{};
};

}  // namespace tram
