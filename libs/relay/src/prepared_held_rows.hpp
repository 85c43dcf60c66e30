#pragma once

#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "tram/relay/sql_held_row_store.hpp"

namespace tram {

/// Makes sure that the tables are there before the first use of held rows, which is the first thing
/// a relay does. Until that works, the relay tries again and says what is wrong.
class PreparedHeldRows final : public HeldRowStore {
 public:
  /// `prepare` makes or checks the tables; what it throws reaches the relay.
  PreparedHeldRows(SqlHeldRowStore rows, std::function<void()> prepare)
      : rows_{std::move(rows)}, prepare_{std::move(prepare)} {}

  void store(std::span<HeldRow const> rows) override { prepared().store(rows); }
  HeldSummary summary() override { return prepared().summary(); }
  std::vector<StoredHeldRow> replayable(std::size_t rows_max, ReplayOrder order) override {
    return prepared().replayable(rows_max, order);
  }
  void settle(ReplayOutcome const& outcome) override { prepared().settle(outcome); }

 private:
  HeldRowStore& prepared() {
    if (prepare_) prepare_();
    prepare_ = nullptr;
    return rows_;
  }

  SqlHeldRowStore rows_;
  std::function<void()> prepare_;
};

}  // namespace tram
