#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_set>
#include <variant>

#include "tram/base/error.hpp"
#include "tram/broker/producer.hpp"
#include "tram/cdc/change_source.hpp"

namespace tram {

/// Which rows are in flight, and up to where the log may be confirmed: the end of the contiguous prefix of rows that are
/// published or held, and only at the end of a transaction. Pure: no threads, no clock, no I/O.
class PublishingCore {
 public:
  explicit PublishingCore(std::size_t window) : window_{window} {}

  /// True when no further row may be accepted before others complete.
  [[nodiscard]] bool full() const { return entries_.size() >= window_; }
  /// Takes a row into the window; its record is to be submitted under the returned sequence.
  Sequence accept(std::optional<LogPosition> ends_at);
  /// The source has seen everything up to here; confirmable once all rows accepted so far are done.
  void seen(LogPosition position);
  /// A row's record is durable, or the row is stored as held: either way it is done.
  void done(Sequence sequence);
  /// The position to confirm, if it moved since it was last taken.
  std::optional<LogPosition> take_confirmable();
  /// Accepted and not done.
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  /// Forgets everything in flight: the source rewinds to the last confirmed position. Sequences go on.
  void restart();

 private:
  struct Entry {
    std::optional<LogPosition> ends_at;
    bool done{};
  };
  void drain();

  std::size_t window_;
  std::deque<Entry> entries_;
  Sequence first_{1};
  std::size_t in_flight_{};
  std::optional<LogPosition> confirmable_;
};

}  // namespace tram
