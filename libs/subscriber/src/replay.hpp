#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "queued_message.hpp"
#include "tram/subscriber/inbox.hpp"

namespace tram {

/// A held key whose replay was requested, in its turn.
struct ReplayTry {
  HeldKey key;
  /// It shares its transactions with no other message.
  bool alone{};
  /// A failure in this turn is the last: the request ends with it.
  bool last_failure{};
  /// The same for a run that ends as unavailable, when that is the message's own affair.
  bool last_unavailable{};
};

/// Keys that have their turn together: one alone, or several that had no trouble.
using ReplayTurn = std::vector<ReplayTry>;

/// What a turn came to for one key.
struct ReplayRun {
  std::size_t replayed{};
  /// Nothing is left, or another process is at it.
  bool done{};
  /// What became of the message that did not get on.
  std::optional<RunResult> trouble{};
  /// How often that message failed by now, the runs before it was held included.
  int attempts{};
  /// Its request is withdrawn: an operator must ask again.
  bool given_up{};
  /// A message of its transaction failed, and nobody knows whether it was to blame.
  bool run_alone{};
};

/// Those of a turn, in its order.
using ReplayRuns = std::vector<ReplayRun>;

}  // namespace tram
