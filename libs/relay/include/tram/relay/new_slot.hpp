#pragma once

#include <cstdint>

#pragma GCC visibility push(default)

namespace tram {

/// What to do when there is no replication slot yet (PostgreSQL). A new slot shows only what
/// commits after it was made.
enum class NewSlot : std::uint8_t {
  /// Make it when the outbox has no unpublished rows, refuse otherwise: they would never be
  /// relayed.
  for_empty_outbox,
  /// Make it in any case; rows that are in the outbox already are never relayed.
  skip_existing_rows,
  /// Make it in any case; the rows that the outbox holds are relayed first, in the order of their
  /// ids, and then the log from there. The slot is there only when they are confirmed: after a stop
  /// or a crash on the way they are relayed again.
  publish_existing_rows,
  /// Refuse: an administrator makes the slot and the publication.
  refuse,
};

}  // namespace tram

#pragma GCC visibility pop
