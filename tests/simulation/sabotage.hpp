#pragma once

#include <cstdint>

namespace tram {
class Database;
}

namespace tram::simulation {

/// A defect put into the world on purpose, to see that the checks find it.
enum class Sabotage : std::uint8_t {
  none,
  /// Records are acknowledged when they are delivered.
  acknowledges_early,
  /// Inbox rows vanish at once.
  forgets_inbox,
  /// What is acknowledged is the highest record that finished, holes or not.
  acknowledges_over_holes,
  /// Rows are confirmed when they are read.
  confirms_early,
  /// A row behind the last settled one of its transaction counts as settled.
  settles_early,
  /// A producer takes the first record of a channel for written because later ones are.
  believes_implied,
  /// What is rolled back to a savepoint stays.
  keeps_refused,
  /// What keeps a connection from being made, or an inbox row from being written, is raised in the
  /// handler.
  blames_messages,
  /// One message that finds something away makes the others of its process find it away.
  one_stops_all,
  /// A request for a replay is gone at once.
  loses_requests,
  /// A module forgets a message that it kept in one transaction, and hands it over in the next.
  hands_over_apart,
  /// What the log does not show is taken for nothing.
  believes_silence,
  /// A relay that starts takes what the log does not show for nothing.
  forgets_silence,
  /// Rows are removed when they are old by the civil clock, whatever became of them.
  believes_clock,
  /// Rows that were stamped by a clock that was ahead keep those behind them.
  keeps_ahead,
  /// After a restore the relay passes over rows whose numbers it has seen.
  trusts_memory,
};

/// Puts into a database what stands for a defect of those who use it.
void sabotage_database(Database& database, Sabotage sabotage);

}  // namespace tram::simulation
