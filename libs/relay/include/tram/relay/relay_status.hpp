#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tram/base/time.hpp"
#include "tram/relay/change_source.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Counters since the relay was made.
struct RelayCounters {
  /// Calls of `ChangeSource::read` that returned rows, and the rows; rows that came again count
  /// again.
  std::uint64_t reads{};
  std::uint64_t rows_read{};
  /// Transactions whose last row was among them; rows, when every row has its own position.
  std::uint64_t transactions_read{};
  /// Records acknowledged by the broker, replayed ones included; and the bytes of the values handed
  /// to it.
  std::uint64_t rows_published{};
  std::uint64_t bytes_published{};
  /// Rows stored because they cannot be published, and rows stored behind them.
  std::uint64_t rows_held{};
  std::uint64_t rows_held_behind{};
  /// Held rows that were published by a replay.
  std::uint64_t rows_replayed{};
  /// Rows of the outbox removed because of their age.
  std::uint64_t rows_removed{};
  /// How often each side failed.
  std::uint64_t source_errors{};
  std::uint64_t broker_errors{};
  std::uint64_t held_errors{};
  std::uint64_t retention_errors{};
  /// Producers made.
  std::uint64_t producers{};
};

/// The state of a relay, for health, metrics and people.
struct RelayStatus {
  RelayCounters counters;
  /// Rows handed to the broker, or waiting to be stored as held.
  std::size_t in_flight{};
  /// Rows in the table of held rows, and their keys.
  std::size_t held_rows{};
  std::size_t held_keys{};
  /// Everything up to here is published or held, and confirmed to the source since this relay was
  /// made.
  std::optional<LogPosition> confirmed;
  /// As `ChangeSourceStatus`.
  std::optional<std::uint64_t> behind;
  bool connected{};
  bool standby{};
  /// Nothing is in flight, and the last read found nothing.
  bool caught_up{};
  /// When positions moved last, or there was nothing to move.
  SteadyTime last_progress{};
  /// When the loop ran last.
  SteadyTime last_step{};
  /// What is wrong, empty when all is well: one sentence per side that fails.
  std::string trouble;
};

/// Whether a relay does its work, and why not.
struct RelayReadiness {
  bool ready{};
  /// Set when not ready, and for a standby.
  std::string reason;
};

/// Ready only while positions move or there is provably nothing to move. Pure.
RelayReadiness readiness(RelayStatus const& status, SteadyTime now, Duration stall_after);

}  // namespace tram

#pragma GCC visibility pop
