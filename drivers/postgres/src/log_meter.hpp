#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "session.hpp"
#include "tram/base/clock.hpp"

namespace tram::postgres {

/// Measures now and then, on an ordinary connection of its own, how much log a slot keeps. Never
/// waits: every call takes the next step that is possible at once. A server that does not answer is
/// asked again later.
class LogMeter {
 public:
  LogMeter(Target target, std::string const& slot, Duration interval, Clock& clock);

  void step() noexcept;
  /// Looks at the server as soon as may be: it asked for a sign of life, which it also does when it
  /// waits for its readers to go.
  void look_soon();
  /// Waits for the server, and wants to be called again soon.
  [[nodiscard]] bool busy() const { return state_ == State::connecting || state_ == State::asking; }
  /// The server was asked to stop: it takes no connections, and waits for whoever reads its log.
  [[nodiscard]] bool server_stops() const { return server_stops_; }
  /// Forgets what was seen of a server that is here again.
  void begin_anew();
  /// Bytes between the confirmed position and the end of the log; nothing before the first answer.
  [[nodiscard]] std::optional<std::uint64_t> kept_bytes() const { return kept_bytes_; }
  /// True when the slot keeps more than `max_slot_wal_keep_size` and may lose its log at the next
  /// checkpoint.
  [[nodiscard]] bool in_danger() const { return in_danger_; }

 private:
  enum class State : std::uint8_t { idle, connecting, connected, asking };
  void advance();
  void connect();
  void continue_connecting();
  void ask();
  void take_answer();
  void notice_end();
  void reset();

  Target target_;
  std::string question_;
  Duration interval_;
  Clock& clock_;
  ConnectionPointer connection_;
  State state_{State::idle};
  PostgresPollingStatusType polling_{PGRES_POLLING_WRITING};
  SteadyTime next_{};
  SteadyTime give_up_{};
  SteadyTime looked_at_{};
  bool server_stops_{};
  std::optional<std::uint64_t> kept_bytes_;
  bool in_danger_{};
};

}  // namespace tram::postgres
