#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "tram/broker/record.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Computes which position of one partition is safe to acknowledge while records finish out of
/// order: that of the last record of the contiguous finished prefix. Pure. The relay's window works
/// the same way, with sequences instead of positions.
///
///     ledger.issue(first);
///     ledger.issue(second);
///     ledger.finish(second);
///     ledger.take_acknowledgeable();  // empty: the first is not finished
///     ledger.finish(first);
///     ledger.take_acknowledgeable();  // second
class AckLedger {
 public:
  /// A record was delivered. Positions ascend; gaps are allowed (compaction, transaction markers).
  /// Throws: broken, when a position does not ascend.
  void issue(Position position);
  /// A record is done. It must have been issued and not been finished before.
  void finish(Position position);
  /// The last record of the finished prefix, if that moved since it was last taken.
  std::optional<Position> take_acknowledgeable();
  /// Issued and not part of the finished prefix.
  [[nodiscard]] std::size_t outstanding() const { return entries_.size(); }

 private:
  struct Entry {
    Position position;
    bool finished;
  };
  std::deque<Entry> entries_;
  std::optional<Position> acknowledgeable_;
};

}  // namespace tram

#pragma GCC visibility pop
