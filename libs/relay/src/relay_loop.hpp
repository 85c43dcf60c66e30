#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "publish_window.hpp"
#include "relay_channels.hpp"
#include "row_record.hpp"
#include "tram/base/retry_gate.hpp"
#include "tram/relay/relay.hpp"

namespace tram {

/// The relay without its thread, its waits and its lock.
class Relay::Loop {
 public:
  Loop(RelayParts parts, RelayOptions const& options);

  /// One round; true when anything happened.
  bool step();
  /// Not caught up before the next read found nothing.
  void look_again() { source_empty_ = all_seen_ = false; }
  /// A requested stop ends what waits for the broker.
  void stop_with(std::stop_token stop) { stop_ = std::move(stop); }
  /// From here on nothing new is read or published.
  void begin_drain();
  /// Nothing is in flight.
  [[nodiscard]] bool drained() const { return window_.in_flight() == 0; }
  /// Stores what is known to be done.
  void flush();

  [[nodiscard]] RelayStatus status() const;
  [[nodiscard]] SteadyTime next_step() const;
  /// What to wait for, -1 for nothing.
  [[nodiscard]] int source_descriptor() const;
  [[nodiscard]] int producer_descriptor() const;

 private:
  enum class Taken { yes, not_now };

  void make_producer();
  void load_held();
  void read();
  void look_after_source();
  bool create_channels(std::deque<OutboxRow> const& rows);
  void publish();
  Taken take(OutboxRow& row);
  Taken submit(std::string_view channel, RelayRecord const& record);
  void hold(OutboxRow row, std::optional<std::string> key, std::string reason);
  void take_completions();
  std::optional<Error> take(Completion const& completion);
  void landed(Sequence sequence);
  void refused(Sequence sequence, std::string reason);
  void store_held();
  void settle_replays();
  void replay_held();
  Taken replay(StoredHeldRow& stored);
  void confirm();
  void remove_old_rows();
  void note_progress();
  void log_held(HeldRow const& held);
  void rest();
  [[nodiscard]] bool caught_up() const;

  void start_over();
  void source_failed(Error const& error);
  void producer_failed(Error const& error);
  void forget_in_flight();
  [[nodiscard]] bool may_take_rows() const;
  [[nodiscard]] bool waits_for_completions() const;
  [[nodiscard]] bool may_remove_old_rows() const;
  [[nodiscard]] SteadyTime next_read() const;
  [[nodiscard]] bool may_replay() const;
  [[nodiscard]] bool key_is_held(OutboxRow const& row, std::string const& key) const;
  [[nodiscard]] bool held_is_known() const { return summary_.has_value(); }

  RelayParts parts_;
  RelayOptions const& options_;
  RecordMaker records_;
  RetryGate source_;
  RetryGate broker_;
  RetryGate held_;
  RetryGate retention_;

  PublishWindow window_;
  std::unique_ptr<Producer> producer_;
  RelayChannels channels_;

  /// Read and not taken into the window yet; `next_record_` belongs to the first of them.
  std::deque<OutboxRow> pending_;
  std::optional<RowRecord> next_record_;
  std::optional<LogPosition> pending_seen_;

  /// What is stored, and the keys of rows that are about to be.
  std::optional<HeldSummary> summary_;
  ReplayOutcome outcome_;

  SteadyTime now_{};
  SteadyTime last_read_{};
  SteadyTime paced_until_{};
  SteadyTime next_held_check_{};
  SteadyTime next_retention_{};
  SteadyTime last_progress_{};
  std::optional<LogPosition> confirmed_;
  RelayCounters counters_;
  bool progressed_{};
  bool draining_{};
  std::stop_token stop_{};
  /// A producer broke and none has proved itself since.
  bool producer_broke_{};
  /// The last read found nothing.
  bool source_empty_{};
  /// … because there is nothing more.
  bool all_seen_{};
  /// The source starts again at the confirmed position, so everything in flight must be confirmed
  /// first.
  bool read_after_completion_{};
};

}  // namespace tram
