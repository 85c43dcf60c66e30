#pragma once

#include <string>

#pragma GCC visibility push(default)

namespace tram {

/// One result of a check, for an operator.
struct Finding {
  /// Whether a relay would work as far as this goes.
  bool good{};
  /// The object checked: `replication slot`.
  std::string subject;
  /// Its state, and the remedy when that is not good.
  std::string text;
};

}  // namespace tram

#pragma GCC visibility pop
