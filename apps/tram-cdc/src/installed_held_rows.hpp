#pragma once

#include <functional>

#include "tram/relay/held_row_store.hpp"

namespace tram::relay_program {

/// Makes sure that the tables are there before the first use of held rows, which is the first thing
/// a relay does; until that works, the relay tries again and says what is wrong.
class InstalledHeldRows final : public HeldRowStore {
 public:
  /// `install` makes or checks the tables; its faults reach the relay.
  InstalledHeldRows(HeldRowStore& rows, std::function<void()> install)
      : rows_{rows}, install_{std::move(install)} {}

  void store(std::span<HeldRow const> rows) override { installed().store(rows); }
  HeldSummary summary() override { return installed().summary(); }
  std::vector<StoredHeldRow> replayable(std::size_t rows_max, ReplayOrder order) override {
    return installed().replayable(rows_max, order);
  }
  void settle(ReplayOutcome const& outcome) override { installed().settle(outcome); }

 private:
  HeldRowStore& installed() {
    if (!done_) install_();
    done_ = true;
    return rows_;
  }

  HeldRowStore& rows_;
  std::function<void()> install_;
  bool done_{};
};

}  // namespace tram::relay_program
