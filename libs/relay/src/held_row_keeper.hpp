#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "publish_window.hpp"
#include "relay_side.hpp"
#include "tram/relay/held_row_store.hpp"

namespace tram {

/// The held rows of a relay: which keys are held, rows on their way to the store, and stored rows
/// that are published again.
class HeldRowKeeper final {
 public:
  HeldRowKeeper(RelayParts const& parts, RelayOptions const& options, RelayRound& round,
                PublishWindow& window);

  [[nodiscard]] RelaySide const& side() const { return side_; }
  /// What is stored was read since the last `forget`.
  [[nodiscard]] bool known() const { return summary_.has_value(); }
  [[nodiscard]] std::size_t rows() const { return summary_ ? summary_->rows : 0; }
  [[nodiscard]] std::size_t keys() const { return summary_ ? summary_->keys.size() : 0; }
  [[nodiscard]] SteadyTime next_check() const { return next_check_; }
  /// What came of stored rows is not written down yet.
  [[nodiscard]] bool has_outcome() const { return !outcome_.empty(); }

  void load();
  /// Channels that took no rows when they were held, as far as is known.
  [[nodiscard]] std::set<std::string> closed_channels() const {
    return summary_ ? summary_->closed_channels : std::set<std::string>{};
  }
  /// Reads again what is stored. Keys of rows that were not stored yet are forgotten with them.
  void forget() { summary_.reset(); }

  /// An earlier row of its key is held. What is held must be known.
  [[nodiscard]] bool holds(std::string_view destination, std::string const& key) const;
  /// From now on later rows of the key are held.
  void hold_key(std::string_view destination, std::optional<std::string> const& key);
  /// Stores rows of the window, as many as may be stored now.
  void store();

  /// Stored rows that may be published again now, oldest first.
  std::vector<StoredHeldRow> replayable();
  /// What came of one of them.
  void published(std::int64_t stored_id);
  void refused(std::int64_t stored_id, std::string reason, HeldCause cause);
  /// Has rows of these channels tried again, although nobody asked.
  void try_again(std::vector<std::string> channels);
  /// Writes down what came of them.
  void settle();

 private:
  void tell(HeldRow const& held);

  HeldRowStore& store_;
  Logger logger_;
  RelayOptions const& options_;
  RelayRound& round_;
  PublishWindow& window_;
  RelaySide side_;
  /// What is stored, and the keys of rows that are about to be.
  std::optional<HeldSummary> summary_;
  ReplayOutcome outcome_;
  SteadyTime next_check_{};
};

}  // namespace tram
