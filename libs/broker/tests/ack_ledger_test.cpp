#include "tram/broker/ack_ledger.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>

#include "tram/broker/position_numbers.hpp"

namespace {
using tram::AckLedger;
using tram::Position;

Position at(std::int64_t offset) { return tram::position_of({offset}); }

TEST(AckLedger, holds_back_everything_behind_the_oldest_unfinished) {
  // Contract: core 11.6.
  AckLedger ledger;
  for (int const offset : {1, 2, 3}) ledger.issue(at(offset));
  ledger.finish(at(2));
  EXPECT_EQ(ledger.take_acknowledgeable(), std::nullopt);
  ledger.finish(at(1));
  EXPECT_EQ(ledger.take_acknowledgeable(), at(2));
  ledger.finish(at(3));
  EXPECT_EQ(ledger.take_acknowledgeable(), at(3));
  EXPECT_EQ(ledger.take_acknowledgeable(), std::nullopt);
  EXPECT_EQ(ledger.outstanding(), 0U);
}

TEST(AckLedger, gives_the_last_of_the_finished_prefix_in_every_order_of_finishing) {
  std::array<Position, 5> order{at(10), at(12), at(13), at(17), at(20)};
  auto const issued = order;
  do {
    AckLedger ledger;
    for (Position const position : issued) ledger.issue(position);
    Position acknowledged;
    for (std::size_t done = 0; done < order.size(); ++done) {
      ledger.finish(order[done]);
      acknowledged = ledger.take_acknowledgeable().value_or(acknowledged);
      Position expected;
      for (Position const position : issued) {
        if (std::find(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(done) + 1,
                      position) == order.begin() + static_cast<std::ptrdiff_t>(done) + 1)
          break;
        expected = position;
      }
      EXPECT_EQ(acknowledged, expected);
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(AckLedgerDeathTest, refuses_a_position_that_it_never_issued) {
  AckLedger ledger;
  ledger.issue(at(1));
  EXPECT_DEATH(ledger.finish(at(2)), "never issued");
}

}  // namespace
