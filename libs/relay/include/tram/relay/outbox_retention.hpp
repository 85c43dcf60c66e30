#pragma once

#include <cstddef>
#include <optional>

#include "tram/relay/change_source.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Removes old rows of an outbox that are published. Used from the relay's thread.
///
///     while (retention.remove_some(confirmed) > 0) {}
class OutboxRetention {
 public:
  virtual ~OutboxRetention() = default;
  /// Removes one batch of rows that are old enough and provably at or before `confirmed`, never
  /// others; the number of rows removed, 0 when there is nothing more to remove for now. Waits for
  /// the database, some seconds at most. Throws: the errors of `Database::transact`.
  virtual std::size_t remove_some(LogPosition confirmed) = 0;
};

}  // namespace tram

#pragma GCC visibility pop
