#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "tram/broker/producer.hpp"
#include "tram/relay/change_source.hpp"
#include "tram/relay/held_row_store.hpp"

namespace tram {

/// The rows that are on their way, in the order of the log: to the broker, or to the table of held
/// rows. It tells up to where the log may be confirmed: the end of the contiguous prefix of rows
/// that are published or held, and only at the end of a transaction. Positions never step back,
/// also when rows come again after a restart. Pure: no threads, no clock, no I/O.
class PublishWindow final {
 public:
  /// Of rows that are not done, or are behind one that is not. A single row may have more bytes.
  struct Limits {
    std::size_t rows;
    std::size_t bytes;
  };
  explicit PublishWindow(Limits limits) : limits_{limits} {}

  /// A further row may be accepted.
  [[nodiscard]] bool open() const {
    return entries_.size() < limits_.rows && bytes_ < limits_.bytes;
  }
  /// What the next accepted row gets: its record is submitted first, and the row is accepted when
  /// the producer took it.
  [[nodiscard]] Sequence next_sequence() const { return first_ + entries_.size(); }
  /// A row of the log, whose record the producer took. The window must have room for a row.
  void accept(OutboxRow row);
  /// A stored row that is published again; it has no position in the log.
  void accept(StoredHeldRow stored);
  /// A row of the log that is to be stored, and not published.
  void accept(HeldRow held);
  /// The source has seen everything up to here; confirmable once all rows accepted so far are done.
  void seen(LogPosition position);

  /// A row whose record is with the producer.
  [[nodiscard]] OutboxRow const& row(Sequence sequence) const;
  /// Its record is durable: the row is done. Returns the id of a stored row.
  std::optional<std::int64_t> land(Sequence sequence);
  /// The broker takes no such record. A row of the log is to be stored now; a stored row stays
  /// where it is, which is done here: its id is returned.
  std::optional<std::int64_t> refuse(Sequence sequence, std::optional<std::string> key,
                                     std::string reason, HeldCause cause = HeldCause::own_failure);
  /// The rows that may be stored now, oldest first, at most `rows_max`: those before which nothing
  /// is at the broker. Stored rows of a key are then in their order, though completions are not.
  [[nodiscard]] std::vector<HeldRow> to_hold(std::size_t rows_max) const;
  /// So many of them are stored, the oldest ones: they are done.
  void stored(std::size_t rows);

  /// The position to confirm, if it moved since it was last taken.
  std::optional<LogPosition> take_confirmable();
  /// The last row of the contiguous prefix that is done, if it moved since it was last taken:
  /// within a transaction it tells what need not come again.
  std::optional<RowPlace> take_settled();

  /// Accepted and not done.
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }
  /// Of these, rows that are to be stored …
  [[nodiscard]] std::size_t waiting_to_be_held() const { return waiting_to_be_held_; }
  /// … and stored rows that are published again.
  [[nodiscard]] std::size_t replays() const { return replays_; }
  /// Nothing is in flight.
  [[nodiscard]] bool empty() const { return entries_.empty(); }

  /// Forgets everything in flight: the source rewinds to the last confirmed position. Sequences go
  /// on.
  void restart();
  /// Positions begin anew, for another log. Nothing may be in flight.
  void start_over();
  /// What is counted is what is there. Looks at every row: for tests.
  [[nodiscard]] bool invariant() const;

 private:
  enum class State : std::uint8_t { at_broker, to_hold, done };
  struct Entry {
    /// Key and reason are those of a row that is to be stored.
    HeldRow held;
    State state{State::at_broker};
    std::optional<std::int64_t> stored_id{};
    /// What may be confirmed when this row and all before it are done.
    std::optional<LogPosition> ends_at{};
    std::optional<RowPlace> place{};
  };
  static std::size_t bytes_of(Entry const& entry);
  void add(Entry entry);
  [[nodiscard]] std::size_t index_at_broker(Sequence sequence) const;
  std::optional<std::int64_t> finish(Entry& entry);
  void drain();
  void reach(LogPosition position);

  Limits limits_;
  /// The first one, if there is any, is not done.
  std::deque<Entry> entries_;
  Sequence first_{1};
  std::size_t bytes_{};
  std::size_t in_flight_{};
  std::size_t waiting_to_be_held_{};
  std::size_t replays_{};
  std::optional<LogPosition> reached_;
  bool moved_{};
  std::optional<RowPlace> settled_;
};

}  // namespace tram
