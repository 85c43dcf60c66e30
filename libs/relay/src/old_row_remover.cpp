#include "old_row_remover.hpp"

#include <chrono>

#include "tram/relay/outbox_retention.hpp"

namespace tram {
namespace {

/// Between two batches.
constexpr Duration batch_pause{std::chrono::milliseconds{20}};

}  // namespace

OldRowRemover::OldRowRemover(RelayParts const& parts, RelayOptions const& options,
                             RelayRound& round)
    : retention_{parts.retention},
      options_{options},
      round_{round},
      side_{"retention", &RelayCounters::retention_errors, parts, options, round} {}

void OldRowRemover::remove_some(LogPosition published) {
  side_.attempt([&] {
    auto const removed = retention_->remove_some(published);
    round_.counters().rows_removed += removed;
    next_ = round_.now() + (removed > 0 ? batch_pause : options_.retention_interval);
  });
}

}  // namespace tram
