#pragma once

#include <cstddef>
#include <optional>

#include "queued_message.hpp"
#include "tram/subscriber/inbox.hpp"

namespace tram {

/// One turn of a held key whose replay was requested.
struct ReplayTry {
  HeldKey key;
  /// A failure in this turn is the last: the request ends with it.
  bool last_failure{};
  /// The same for a run that ends as unavailable, when that is the message's own affair.
  bool last_unavailable{};
};

/// What one turn came to.
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
};

}  // namespace tram
