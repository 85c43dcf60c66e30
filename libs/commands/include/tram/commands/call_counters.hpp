#pragma once

#include <cstdint>

namespace tram {

/// What became of the calls of one `CommandCalls`, and of the answers that it read.
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
  /// Answers to nobody's call here: those of other instances, of processes that are gone, and to
  /// calls before the last thousand.
  std::uint64_t foreign{};
  /// Records that are no message, and messages that say of no command that they answer it.
  std::uint64_t malformed{};
};

}  // namespace tram
