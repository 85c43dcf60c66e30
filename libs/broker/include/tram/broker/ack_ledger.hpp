#pragma once

#include <cstddef>
#include <deque>
#include <optional>

#include "tram/broker/record.hpp"

namespace tram {

/// Which position of one partition is safe to acknowledge while records finish out of order: the
/// end of the contiguous finished prefix. Pure; the same idea serves the relay (sequences instead
/// of positions).
class AckLedger {
 public:
  /// A record was handed out; positions ascend, gaps are allowed (compaction, transaction markers).
  /// Faults: broken, for one that does not.
  void issue(Position position);
  /// A record is done. It must have been issued and not been finished before.
  void finish(Position position);
  /// One past the last record of the finished prefix, if that moved since it was last taken.
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
