#pragma once

#include <string>
#include <string_view>

#include "tram/base/error.hpp"
#include "tram/base/log.hpp"
#include "tram/base/random.hpp"
#include "tram/base/time.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Guards one side that a loop works with (its broker, its database): when it may be tried again
/// after an error, and what is wrong with it. Logs once per change of state. One thread only;
/// nothing here waits.
///
///     if (!gate.may_be_tried(now)) return;
///     try {
///       connect();
///       gate.succeeded();
///     } catch (tram::Error const& error) { gate.failed(error, now); }
class RetryGate final {
 public:
  /// The names in log lines: `event=relay.trouble relay=orders with=source`. The views are
  /// literals.
  struct Names {
    /// What the events begin with: `relay`.
    std::string_view events;
    /// What the owner is called: `relay`.
    std::string_view owner_field;
    std::string owner;
    std::string_view with;
  };
  struct Pauses {
    Duration first;
    Duration longest;
  };
  /// `random` is for jitter and outlives it.
  RetryGate(Names names, Pauses pauses, Random& random, Logger logger);

  [[nodiscard]] bool may_be_tried(SteadyTime now) const { return now >= not_before_; }
  /// When it may be tried again; in the past when all is well.
  [[nodiscard]] SteadyTime not_before() const { return not_before_; }
  /// The last error, empty when all is well.
  [[nodiscard]] std::string const& trouble() const { return trouble_; }
  /// Since it last worked.
  [[nodiscard]] int failures() const { return failures_; }

  /// Each failure doubles the pause; one that needs an operator has the longest at once.
  void failed(Error const& error, SteadyTime now) { failed(error, now, pauses_.longest); }
  /// The same with no longer pause than `longest`.
  void failed(Error const& error, SteadyTime now, Duration longest);
  /// Cheap where all was well before.
  void succeeded() {
    if (failures_ > 0) recovered();
  }

 private:
  void recovered();
  void note(Error const& error);
  Duration jittered(Duration pause);

  Names names_;
  Pauses pauses_;
  Random& random_;
  Logger logger_;
  int failures_{};
  Duration pause_{};
  SteadyTime not_before_{};
  std::string trouble_;
};

}  // namespace tram

#pragma GCC visibility pop
