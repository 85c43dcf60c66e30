#pragma once

#include <cstdint>

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
};

}  // namespace tram::simulation
