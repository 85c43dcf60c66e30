#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tram/base/detail/function.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// A number that a part of a program shows, beside those of the service that it runs in. Those of
/// one name are one family, told apart by their labels.
struct Metric {
  enum class Kind : std::uint8_t { counter, gauge };

  Kind kind{Kind::counter};
  /// In Prometheus' letters, and none of a service's own; a counter's ends in `_total`. A service
  /// refuses what would spoil its page: other letters, one name for a counter and a gauge, the same
  /// labels twice, text that is no UTF-8.
  std::string name;
  /// A sentence about the family.
  std::string help;
  std::vector<std::pair<std::string, std::string>> labels{};
  /// The current value. Callable from any thread; never waits. While it throws, it is not shown.
  std::function<std::uint64_t()> value;
};

}  // namespace tram

#pragma GCC visibility pop
