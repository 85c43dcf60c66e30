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

  Target target_;
  std::string question_;
  Duration interval_;
  Clock& clock_;
  ConnectionPointer connection_;
  State state_{State::idle};
  PostgresPollingStatusType polling_{PGRES_POLLING_WRITING};
  SteadyTime next_{};
  SteadyTime give_up_{};
  std::optional<std::uint64_t> kept_bytes_;
  bool in_danger_{};
};

}  // namespace tram::postgres
