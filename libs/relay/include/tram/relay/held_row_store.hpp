#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tram/relay/change_source.hpp"
#include "tram/storage/held_cause.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// A row that is not published for now.
struct HeldRow {
  OutboxRow row;
  /// Orders it among the rows of its destination; empty when its headers have no readable key.
  std::optional<std::string> key;
  /// What is wrong and what to do, for people.
  std::string reason;
  HeldCause cause{HeldCause::own_failure};
};

/// A held row as it is stored.
struct StoredHeldRow {
  std::int64_t id{};
  OutboxRow row;
};

/// A destination and a key, all of whose rows are held behind the first.
using HeldRowKey = std::pair<std::string, std::string>;

struct HeldSummary {
  std::size_t rows{};
  std::set<HeldRowKey> keys;
  /// Channels with rows whose cause is `channel_closed`.
  std::set<std::string> closed_channels{};
};

/// The result of publishing stored rows again.
struct ReplayOutcome {
  struct Refusal {
    std::int64_t id{};
    std::string reason;
    HeldCause cause{HeldCause::own_failure};
  };
  /// Durable at the broker: forget them.
  std::vector<std::int64_t> published;
  /// Refused again: they stay, with the new reason and cause, until the next request.
  std::vector<Refusal> refused;
  /// Rows of these channels are to be published again, the oldest hundred of those that are not
  /// only behind another one.
  std::vector<std::string> channels_to_try{};
  [[nodiscard]] bool empty() const {
    return published.empty() && refused.empty() && channels_to_try.empty();
  }
};

/// Which stored rows may be published again.
enum class ReplayOrder : std::uint8_t {
  /// Only the first row of each key, so that the order per key is kept.
  by_key,
  /// Every row by itself: for relays that do not hold keys.
  any,
};

/// Where a relay keeps the rows that it cannot publish. One thread only; every call waits for the
/// database, some seconds at most. Every call throws the errors of `Database::transact`; each is
/// done wholly or not at all.
///
///     for (auto const& stored : held.replayable(100, tram::ReplayOrder::by_key))
///     publish(stored.row);
class HeldRowStore {
 public:
  virtual ~HeldRowStore() = default;
  /// Stores rows, in this order behind those stored before, all or none. A row that is there
  /// already is left alone: after a crash rows come again.
  virtual void store(std::span<HeldRow const> rows) = 0;
  /// How much is stored, and which keys and closed channels have rows.
  virtual HeldSummary summary() = 0;
  /// Rows to publish again now, oldest first: those whose retry was requested, or whose cause is
  /// `key_held`. With `by_key` only the first row of each key.
  virtual std::vector<StoredHeldRow> replayable(std::size_t rows_max, ReplayOrder order) = 0;
  /// Removes the published rows and keeps the refused ones, then requests the retries.
  virtual void settle(ReplayOutcome const& outcome) = 0;
};

}  // namespace tram

#pragma GCC visibility pop
