#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "tram/broker/producer.hpp"
#include "tram/relay/change_source.hpp"

namespace tram {

/// Which rows are in flight, and up to where the log may be confirmed: the end of the contiguous
/// prefix of rows that are published or held, and only at the end of a transaction. Positions never
/// step back, also when rows come again after a restart. Pure: no threads, no clock, no I/O.
///
///     auto const sequence = core.accept(row.ends_at);
///     core.done(sequence);
///     core.take_confirmable();  // the row's position
class PublishingCore {
 public:
  explicit PublishingCore(std::size_t window) : window_{window} {}

  /// True when no further row may be accepted before others complete.
  [[nodiscard]] bool full() const { return entries_.size() >= window_; }
  /// What the next `accept` returns: a record is submitted first and accepted when the producer
  /// took it.
  [[nodiscard]] Sequence next_sequence() const { return first_ + entries_.size(); }
  /// Takes a row into the window, which must not be full; its record is submitted under the
  /// returned sequence.
  Sequence accept(std::optional<LogPosition> ends_at, std::optional<RowPlace> place = std::nullopt);
  /// The source has seen everything up to here; confirmable once all rows accepted so far are done.
  void seen(LogPosition position);
  /// A row's record is durable, or the row is stored as held: either way it is done. It must be in
  /// flight.
  void done(Sequence sequence);
  /// The position to confirm, if it moved since it was last taken.
  std::optional<LogPosition> take_confirmable();
  /// The last row of the contiguous prefix that is done, if it moved since it was last taken:
  /// within a transaction it tells what need not come again.
  std::optional<RowPlace> take_settled();
  /// Accepted and not done.
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  /// Accepted, and not done or behind one that is not: what counts against the window.
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// The oldest row that is not done has this sequence; `next_sequence()` when all are done.
  [[nodiscard]] Sequence first_not_done() const { return first_; }
  /// Positions restart, for another log. Nothing may be in flight.
  void start_over();
  /// Forgets everything in flight: the source rewinds to the last confirmed position. Sequences
  /// continue.
  void restart();

 private:
  struct Entry {
    std::optional<LogPosition> position;
    std::optional<RowPlace> place;
    bool done{};
  };
  void drain();
  void reach(LogPosition position);

  std::size_t window_;
  /// The first one, if there is any, is not done.
  std::deque<Entry> entries_;
  Sequence first_{1};
  std::size_t in_flight_{};
  std::optional<LogPosition> reached_;
  bool moved_{};
  std::optional<RowPlace> settled_;
};

}  // namespace tram
