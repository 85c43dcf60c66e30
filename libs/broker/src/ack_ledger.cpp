#include "tram/broker/ack_ledger.hpp"

#include <algorithm>
#include <utility>

#include "tram/base/assert.hpp"
#include "tram/base/error.hpp"

namespace tram {

void AckLedger::issue(Position position) {
  if (!entries_.empty() && entries_.back().position >= position) {
    throw Error{Fault::broken, "broker: a record at position " + to_string(position) +
                                   " came behind that at " + to_string(entries_.back().position) +
                                   "; the channel is read again from its stored position"};
  }
  entries_.push_back({position, false});
}

void AckLedger::finish(Position position) {
  auto const entry =
      std::lower_bound(entries_.begin(), entries_.end(), position,
                       [](Entry const& e, Position const& p) { return e.position < p; });
  TRAM_ASSERT(entry != entries_.end() && entry->position == position,
              "a position was finished that was never issued");
  TRAM_ASSERT(!entry->finished, "a position was finished twice");
  entry->finished = true;
  while (!entries_.empty() && entries_.front().finished) {
    acknowledgeable_ = entries_.front().position;
    entries_.pop_front();
  }
}

std::optional<Position> AckLedger::take_acknowledgeable() {
  return std::exchange(acknowledgeable_, std::nullopt);
}

}  // namespace tram
