#pragma once

#include <cstdint>

#pragma GCC visibility push(default)

namespace tram {

/// Counts the calls of one `CommandCalls`, and the answers that it read.
struct CallCounters {
  /// Calls that wait now.
  std::uint64_t waiting{};
  /// Calls that ended with an answer, and without one.
  std::uint64_t answered{};
  std::uint64_t unanswered{};
  /// Answers to calls that had ended without one.
  std::uint64_t late{};
  /// Answers to calls that had one already.
  std::uint64_t repeated{};
  /// Answers to no call of this instance: those of other instances, of processes that are gone, and
  /// to calls before the last thousand.
  std::uint64_t foreign{};
  /// Records that are no message, and messages that answer no command.
  std::uint64_t malformed{};
};

}  // namespace tram

#pragma GCC visibility pop
