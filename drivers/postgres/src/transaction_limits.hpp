#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tram/base/time.hpp"

namespace tram::postgres {

/// How long the server lets a statement run, and a transaction be silent; zero is no limit.
struct SessionLimits {
  std::chrono::milliseconds statement{};
  std::chrono::milliseconds idle_in_transaction{};
  friend bool operator==(SessionLimits const&, SessionLimits const&) = default;
};

/// Lets the server itself end a transaction whose client is frozen or gone: soon after the
/// transaction's deadline, so that its locks do not outlive it. Never above what the session was
/// given by its server, database, role or connection string.
class TransactionLimits {
 public:
  enum class Reach : std::uint8_t {
    /// `SET LOCAL`: nothing outlives the transaction, as behind a pooler.
    transaction,
    /// `SET`: the next transaction with as much time needs no statement. For a connection of one's
    /// own.
    session,
  };

  TransactionLimits() = default;
  TransactionLimits(SessionLimits const& own, Reach reach)
      : own_{own}, reach_{reach}, standing_{own} {}
  /// The statements to send at the beginning of a transaction that has so much time left.
  std::vector<std::string> begin(Duration left);
  /// The statements to send in front of one that begins with so much time left: where that is much
  /// less than at the last time, the server would wait for longer than the deadline.
  std::vector<std::string> renew(Duration left);
  /// The application has set limits of its own, which stay.
  void leave_alone();
  void committed();
  /// What holds now is not known.
  void forget();

 private:
  [[nodiscard]] SessionLimits limits_for(Duration left) const;

  SessionLimits own_;
  Reach reach_{Reach::transaction};
  /// What holds outside of the transaction, where that is known.
  std::optional<SessionLimits> standing_{own_};
  /// What holds outside when the transaction has committed.
  std::optional<SessionLimits> after_commit_;
  /// What was left when the limits were set.
  std::optional<Duration> set_for_;
};

}  // namespace tram::postgres
