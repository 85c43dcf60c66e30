#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tram/base/time.hpp"
#include "tram/messaging/incoming_message.hpp"
#include "tram/subscriber/workers.hpp"

namespace tram {

/// Numbers the times that a subscription was given a partition: what was started under an older one
/// counts for nothing.
using Assignment = std::uint64_t;

/// What became of one run of a message.
enum class RunStatus : std::uint8_t {
  handled,
  duplicate,
  held,
  held_behind,
  /// The handler threw: it counts as an attempt.
  failed,
  /// The handler cannot make sense of the message: another attempt would not help.
  hopeless,
  /// Something that the handler needs is away, or the database is: it is no attempt.
  unavailable,
  /// It was in one transaction with a message that failed: it runs again, alone.
  run_alone,
};

/// Where the error of an unavailable run came from.
enum class Cause : std::uint8_t {
  /// The handler threw it, or took too long.
  handler,
  /// A statement of the handler's raised it: the message may be to blame, or the database.
  statement,
  /// An object that the handler needs is missing from its database, or is not allowed: never the
  /// message's fault, but it may be the handler's.
  setup,
  /// The database, outside the handler: never the message's fault.
  database,
};

/// What a run came to. A value that each run makes anew: nothing of an earlier run is left in it.
struct RunResult {
  RunStatus status{};
  /// Why, unless all went well.
  std::string reason{};
  // Of an unavailable run.
  Cause cause{};
  /// The database did what it was asked for after the run had failed.
  bool database_answers{};
};

/// What is away is so for this message: its handler says so, and the database answers.
inline bool is_its_own(RunResult const& result) {
  return result.cause == Cause::handler && result.database_answers;
}

/// A message in its lane, or a record that is not a message. Belongs to the core, which gives
/// workers a copy for each run and learns the result.
struct QueuedMessage {
  IncomingMessage incoming;
  Assignment assignment{};
  /// What failed last, before it had to be held; for a record that is no message, why.
  std::string reason{};
  /// What keeps it from getting on now.
  std::string trouble{};
  /// Runs that were attempts.
  int failures{};
  /// Runs in a row that ended as unavailable.
  int unavailable{};
  /// Of those, the ones that are the message's own affair.
  int unavailable_itself{};
  /// Of those, the last ones during which no other message got on.
  int unavailable_alone{};
  /// When it met a lack of setup first, or when that counted last.
  std::optional<SteadyTime> setup_counted{};
  /// Batches that had got on when it began or failed last.
  std::uint64_t seen_getting_on{};
  /// It must be held: its attempts are used up, or it never was a message.
  bool to_hold{};
  /// It may not share its transaction.
  bool alone{};

  /// About what it takes in memory.
  [[nodiscard]] std::size_t bytes() const {
    return sizeof(QueuedMessage) + incoming.message.payload.size() + incoming.key.size();
  }
};

/// What one worker does in one transaction: one message to handle or to hold, or several of
/// different lanes to handle.
struct Batch {
  std::vector<QueuedMessage> messages;
  /// Why it may run though the breaker is open.
  enum class Trial : std::uint8_t {
    none,
    /// It finds out whether the breaker may close.
    probe,
    /// Its message has not met the trouble yet.
    untried,
  };
  Trial trial{};
};

/// Those of a batch, in its order.
using RunResults = std::vector<RunResult>;

}  // namespace tram
