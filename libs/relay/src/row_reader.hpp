#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "publish_window.hpp"
#include "relay_side.hpp"
#include "row_record.hpp"
#include "tram/relay/change_source.hpp"

namespace tram {

/// The source's side of a relay: rows that are read and not taken into the window yet, and what is
/// confirmed.
class RowReader final {
 public:
  RowReader(RelayParts const& parts, RelayOptions const& options, RelayRound& round,
            RecordMaker const& records, PublishWindow& window);

  [[nodiscard]] RelaySide const& side() const { return side_; }
  [[nodiscard]] ChangeSource const& source() const { return source_; }
  /// The source starts again at the confirmed position: what is in flight must be done first.
  [[nodiscard]] bool read_after_completion() const { return read_after_completion_; }
  /// The last read found nothing …
  [[nodiscard]] bool source_empty() const { return source_empty_; }
  /// … because there is nothing more.
  [[nodiscard]] bool all_seen() const { return all_seen_; }
  [[nodiscard]] SteadyTime next_rows() const { return next_rows_; }
  [[nodiscard]] SteadyTime next_poll() const { return last_read_ + source_.poll_interval(); }
  /// Everything up to here is published or held, and confirmed.
  [[nodiscard]] std::optional<LogPosition> confirmed() const { return confirmed_; }
  /// The part of it that the source has proven to be all there was.
  [[nodiscard]] std::optional<LogPosition> proven() const;

  /// True when the source began another log: what is known of the last one is void.
  bool read();
  /// Shows the source that its reader lives.
  void keep_alive();
  /// Not caught up before the next read found nothing.
  void look_again() { source_empty_ = all_seen_ = false; }

  [[nodiscard]] std::deque<OutboxRow> const& pending() const { return pending_; }
  /// What the first pending row becomes.
  RowRecord& next_record();
  /// The first pending row, which is pending no more.
  OutboxRow take_next();
  /// All pending rows were taken: what was seen behind them waits for them alone.
  void all_taken();

  /// Tells the source what is done.
  void confirm();
  /// Stores what was confirmed.
  void flush();
  /// Forgets pending rows and reads again behind what is confirmed.
  void rewind();
  /// Forgets pending rows, for good.
  void forget_pending();

 private:
  void take(ChangeBatch batch);
  void start_over();
  template <class Work>
  void attempt(Work const& work);
  void failed();

  ChangeSource& source_;
  RelayOptions const& options_;
  RelayRound& round_;
  RecordMaker const& records_;
  PublishWindow& window_;
  RelaySide side_;

  std::deque<OutboxRow> pending_;
  /// Of the first of them, once it was made.
  std::optional<RowRecord> next_record_;
  std::optional<LogPosition> pending_seen_;
  std::optional<LogPosition> confirmed_;
  SteadyTime last_read_{};
  SteadyTime next_rows_{};
  bool source_empty_{};
  bool all_seen_{};
  bool read_after_completion_{};
};

}  // namespace tram
