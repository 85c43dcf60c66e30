#pragma once

#include <string>

namespace tram {

/// One thing that a check looked at, for an operator.
struct Finding {
  /// Whether a relay would work as far as this goes.
  bool good{};
  /// What was looked at: `replication slot`.
  std::string subject;
  /// How it is, and when that is not good, what to do.
  std::string text;
};

}  // namespace tram
