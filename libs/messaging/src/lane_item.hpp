#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tram/messaging/incoming_message.hpp"
#include "tram/messaging/workers.hpp"

namespace tram {

/// Numbers the times that a subscription was given a partition: what was started under an older one
/// counts for nothing.
using Assignment = std::uint64_t;

/// What became of one run of a message.
enum class Outcome : std::uint8_t {
  handled,
  duplicate,
  held,
  held_behind,
  /// The handler threw: it counts as an attempt.
  failed,
  /// The handler cannot make sense of the message: another attempt would not help.
  hopeless,
  /// Something that the handler needs is away: it is no attempt.
  unavailable,
  /// It was in one transaction with a message that failed: both run again, alone.
  run_alone,
};

/// A message in its lane, or a record that is none.
struct LaneItem {
  IncomingMessage incoming;
  Assignment assignment{};
  Outcome outcome{};
  /// What failed last; for a record that is no message, why.
  std::string reason{};
  int failures{};
  int unavailable{};
  /// Of those, the ones during which the database itself was there.
  int unavailable_with_database{};
  /// Its attempts are used up, or it never was a message: it must be held.
  bool to_hold{};
  /// It may not share its transaction.
  bool alone{};
};

/// What one worker does in one transaction: one message to handle or to hold, or several of
/// different lanes to handle.
struct Job {
  std::vector<LaneItem> items;
  /// The one that finds out whether an open breaker may close.
  bool is_probe{};
};

}  // namespace tram
