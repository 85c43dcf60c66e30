#include "tram/broker/ack_ledger.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>

namespace {
using tram::AckLedger;
using tram::Position;

TEST(AckLedger, holds_back_everything_behind_the_oldest_unfinished) {
  // Contract: core 11.6.
  AckLedger ledger;
  for (Position const position : {1, 2, 3}) ledger.issue(position);
  ledger.finish(2);
  EXPECT_EQ(ledger.take_acknowledgeable(), std::nullopt);
  ledger.finish(1);
  EXPECT_EQ(ledger.take_acknowledgeable(), 3);
  ledger.finish(3);
  EXPECT_EQ(ledger.take_acknowledgeable(), 4);
  EXPECT_EQ(ledger.take_acknowledgeable(), std::nullopt);
  EXPECT_EQ(ledger.outstanding(), 0U);
}

TEST(AckLedger, gives_the_end_of_the_finished_prefix_in_every_order_of_finishing) {
  std::array<Position, 5> order{10, 12, 13, 17, 20};
  auto const issued = order;
  do {
    AckLedger ledger;
    for (Position const position : issued) ledger.issue(position);
    Position acknowledged = 0;
    for (std::size_t done = 0; done < order.size(); ++done) {
      ledger.finish(order[done]);
      acknowledged = ledger.take_acknowledgeable().value_or(acknowledged);
      Position expected = 0;
      for (Position const position : issued) {
        if (std::find(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(done) + 1,
                      position) == order.begin() + static_cast<std::ptrdiff_t>(done) + 1)
          break;
        expected = position + 1;
      }
      EXPECT_EQ(acknowledged, expected);
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(AckLedgerDeathTest, refuses_a_position_that_it_never_issued) {
  AckLedger ledger;
  ledger.issue(1);
  EXPECT_DEATH(ledger.finish(2), "never issued");
}

}  // namespace
