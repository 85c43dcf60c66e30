#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tram/base/time.hpp"

namespace tram::postgres {

/// What the session was given by its server, database, role or connection string; zero is no limit.
struct SessionLimits {
  std::chrono::milliseconds statement{};
  std::chrono::milliseconds idle_in_transaction{};
};

/// Lets the server itself end a transaction whose client is frozen or gone: soon after the
/// transaction's deadline, so that its locks do not outlive it. Limits are of the transaction
/// (`SET LOCAL`), and only ever lower than those of the session.
class TransactionLimits {
 public:
  explicit TransactionLimits(SessionLimits const& session = {}) : session_{session} {}
  /// The statements to send at the beginning of a transaction that has so much time left.
  std::vector<std::string> begin(Duration left);
  /// The statements to send in front of one that begins with so much time left: where that is much
  /// less than at the last time, the server would wait for longer than the deadline.
  std::vector<std::string> renew(Duration left);
  /// The application has set limits of its own, which stay.
  void leave_alone() { set_for_.reset(); }

 private:
  std::vector<std::string> set(Duration left);

  SessionLimits session_;
  /// What was left when the limits were set.
  std::optional<Duration> set_for_;
};

}  // namespace tram::postgres
