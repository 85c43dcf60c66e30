#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "outbox_look.hpp"
#include "session.hpp"
#include "tram/base/clock.hpp"

namespace tram::postgres {

/// Looks again and again, on an ordinary connection of its own, whether the log shows the outbox,
/// and how much of it a slot keeps. Every call does what is possible at once. Only an attempt to
/// connect is waited for, a second at most, and not again before one succeeds. A server that does
/// not answer is asked again later.
class OutboxWatch {
 public:
  OutboxWatch(ChangeSourceConfig const& config, Clock& clock);

  void step() noexcept;
  /// The latest answer, once.
  std::optional<OutboxLook> take() { return std::exchange(look_, std::nullopt); }
  /// Why there was no answer for some time, empty when there was.
  [[nodiscard]] std::string trouble() const;
  /// True while the next step comes soon.
  [[nodiscard]] bool busy() const { return state_ == State::connecting || state_ == State::asking; }
  /// What was asked before is forgotten, and the time of before does not count as one without
  /// answer.
  void begin();
  /// Keeps no connection, nor an attempt that is half-way, which a server that is being stopped
  /// would wait for.
  void disconnect();
  /// Looks at the latest when so much time has passed since the last look.
  void look_within(Duration time) { next_ = std::min(next_, looked_at_ + time); }
  /// Looks at the server as soon as may be: it asked for a sign of life, which it also does when it
  /// waits for its readers to go.
  void look_soon();
  /// Runs this statement, which changes something, between two looks. One that fails is not
  /// repeated.
  void write(std::string statement);
  /// The statement was run, which is said once.
  bool take_written() { return std::exchange(written_, false); }
  /// One waits or runs.
  [[nodiscard]] bool writes() const { return writing_ || !to_write_.empty(); }
  /// -1 while there is no connection.
  [[nodiscard]] int socket() const { return connection_ ? PQsocket(connection_.get()) : -1; }
  /// The server was asked to stop: it takes no connections, and waits for whoever reads its log.
  [[nodiscard]] bool server_stops() const { return server_stops_; }

  /// Bytes between the confirmed position and the end of the log; nothing before the first answer.
  [[nodiscard]] std::optional<std::uint64_t> kept_bytes() const { return kept_bytes_; }
  /// True when the slot keeps more than `max_slot_wal_keep_size` and may lose its log at the next
  /// checkpoint.
  [[nodiscard]] bool in_danger() const { return in_danger_; }

 private:
  enum class State : std::uint8_t { idle, connecting, connected, asking };
  void advance();
  void begin_what_is_due();
  void connect();
  void continue_connecting();
  void ask();
  void send(std::string const& question);
  void write_now();
  void take_answer();
  void take_result(PGresult const* result);
  void end_write();
  void note_change(std::string const& changing);
  void notice_end();
  [[nodiscard]] bool is_open() const;

  ChangeSourceConfig const& config_;
  Target target_;
  Clock& clock_;
  ConnectionPointer connection_;
  State state_{State::idle};
  PostgresPollingStatusType polling_{PGRES_POLLING_WRITING};
  /// The attempts before were answered soon.
  bool attempt_waits_{true};
  bool prepared_{};
  SteadyTime next_{};
  SteadyTime give_up_{};
  SteadyTime looked_at_{};
  SteadyTime answered_at_{};
  bool server_stops_{};
  std::string reason_;
  std::string to_write_;
  bool writing_{};
  /// Rather than looked.
  bool wrote_last_{};
  bool written_{};
  /// Since when nothing could be written, and why.
  std::optional<SteadyTime> unwritten_since_;
  std::string write_trouble_;
  SteadyTime write_after_{};
  std::optional<OutboxLook> look_;
  /// Since when a transaction is changing what is looked at.
  std::optional<SteadyTime> changing_since_;
  std::string changing_;
  std::optional<std::uint64_t> kept_bytes_;
  bool in_danger_{};
};

}  // namespace tram::postgres
