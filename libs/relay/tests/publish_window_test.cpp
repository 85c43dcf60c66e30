#include "publish_window.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

namespace {
using tram::LogPosition;
using tram::PublishWindow;
using tram::RowPlace;
using tram::Sequence;

/// A window for rows without bytes.
PublishWindow window_of(std::size_t rows) { return PublishWindow{{.rows = rows, .bytes = 1}}; }

/// Accepts a row of the log; the sequence of its record.
Sequence accept(PublishWindow& window, std::optional<LogPosition> ends_at,
                std::optional<RowPlace> place = std::nullopt) {
  auto const sequence = window.next_sequence();
  tram::OutboxRow row;
  row.ends_at = ends_at;
  row.place = place;
  window.accept(std::move(row));
  return sequence;
}

/// Accepts a row of the log, whose record lands at once.
void pass(PublishWindow& window, std::optional<LogPosition> ends_at) {
  window.land(accept(window, ends_at));
}

using Rows = std::vector<std::optional<LogPosition>>;

/// The end of the last transaction all of whose rows, and all rows before them, are among
/// `finished`.
std::optional<LogPosition> expected_position(Rows const& rows, std::vector<bool> const& finished) {
  std::optional<LogPosition> position;
  for (std::size_t row = 0; row < rows.size() && finished[row]; ++row) {
    if (rows[row]) position = rows[row];
  }
  return position;
}

/// All ways to cut five rows into two or three transactions.
std::vector<Rows> five_rows_in_two_or_three_transactions() {
  std::vector<Rows> all;
  for (unsigned ends = 0; ends < 16; ++ends) {
    Rows rows(5);
    std::size_t transactions = 1;
    rows[4] = LogPosition{50};
    for (std::size_t row = 0; row < 4; ++row) {
      if ((ends >> row & 1U) == 0) continue;
      rows[row] = LogPosition{10 * (row + 1)};
      ++transactions;
    }
    if (transactions == 2 || transactions == 3) all.push_back(rows);
  }
  return all;
}

TEST(PublishWindow,
     confirms_whole_transactions_of_the_finished_prefix_in_every_order_of_completion) {
  auto const all = five_rows_in_two_or_three_transactions();
  ASSERT_EQ(all.size(), 10U);
  for (auto const& rows : all) {
    std::array<std::size_t, 5> order{};
    std::iota(order.begin(), order.end(), 0U);
    do {
      auto window = window_of(5);
      std::vector<Sequence> sequences;
      for (auto const& row : rows) sequences.push_back(accept(window, row));
      std::vector<bool> finished(5);
      std::optional<LogPosition> confirmed;
      for (std::size_t const row : order) {
        window.land(sequences[row]);
        finished[row] = true;
        if (auto const position = window.take_confirmable()) confirmed = position;
        EXPECT_EQ(confirmed, expected_position(rows, finished));
        EXPECT_EQ(window.in_flight(),
                  5U - static_cast<std::size_t>(std::ranges::count(finished, true)));
      }
      EXPECT_EQ(confirmed, LogPosition{50});
      EXPECT_TRUE(window.empty());
    } while (std::ranges::next_permutation(order).found);
  }
}

TEST(PublishWindow, confirms_every_accepted_prefix_while_later_rows_are_still_coming) {
  // Rows of an open transaction are published before its end is known (limits of memory, not of
  // meaning).
  auto window = window_of(8);
  auto const first = accept(window, std::nullopt);
  window.land(first);
  EXPECT_EQ(window.take_confirmable(), std::nullopt);
  auto const second = accept(window, LogPosition{20});
  EXPECT_EQ(window.take_confirmable(), std::nullopt);
  window.land(second);
  EXPECT_EQ(window.take_confirmable(), LogPosition{20});
}

TEST(PublishWindow, gives_a_position_once) {
  auto window = window_of(2);
  pass(window, LogPosition{7});
  EXPECT_EQ(window.take_confirmable(), LogPosition{7});
  EXPECT_EQ(window.take_confirmable(), std::nullopt);
}

TEST(PublishWindow, gives_only_the_last_of_several_positions) {
  auto window = window_of(2);
  pass(window, LogPosition{7});
  pass(window, LogPosition{8});
  EXPECT_EQ(window.take_confirmable(), LogPosition{8});
}

TEST(PublishWindow, confirms_what_was_seen_at_once_when_nothing_is_in_flight) {
  auto window = window_of(2);
  window.seen(LogPosition{100});
  EXPECT_EQ(window.take_confirmable(), LogPosition{100});
}

TEST(PublishWindow, confirms_what_was_seen_only_behind_the_rows_accepted_before) {
  auto window = window_of(4);
  auto const first = accept(window, LogPosition{10});
  auto const second = accept(window, LogPosition{20});
  window.seen(LogPosition{35});
  auto const third = accept(window, LogPosition{40});
  window.land(second);
  EXPECT_EQ(window.take_confirmable(), std::nullopt);
  window.land(first);
  EXPECT_EQ(window.take_confirmable(), LogPosition{35});
  window.land(third);
  EXPECT_EQ(window.take_confirmable(), LogPosition{40});
}

TEST(PublishWindow, takes_the_later_one_of_a_transactions_end_and_what_was_seen) {
  auto window = window_of(2);
  auto const row = accept(window, LogPosition{30});
  window.seen(LogPosition{20});
  window.land(row);
  EXPECT_EQ(window.take_confirmable(), LogPosition{30});
}

TEST(PublishWindow, never_steps_back) {
  auto window = window_of(2);
  window.seen(LogPosition{100});
  EXPECT_EQ(window.take_confirmable(), LogPosition{100});
  window.seen(LogPosition{90});
  pass(window, LogPosition{95});
  EXPECT_EQ(window.take_confirmable(), std::nullopt);
}

TEST(PublishWindow, is_full_while_the_oldest_row_is_not_done_however_many_others_are) {
  auto window = window_of(3);
  auto const oldest = accept(window, LogPosition{1});
  pass(window, LogPosition{2});
  EXPECT_TRUE(window.open());
  pass(window, LogPosition{3});
  EXPECT_FALSE(window.open());
  EXPECT_EQ(window.in_flight(), 1U);
  window.land(oldest);
  EXPECT_TRUE(window.open());
  EXPECT_TRUE(window.empty());
}

TEST(PublishWindow, tells_the_next_sequence_and_counts_on_after_a_restart) {
  auto window = window_of(3);
  auto const first = window.next_sequence();
  EXPECT_EQ(accept(window, LogPosition{1}), first);
  auto const second = accept(window, LogPosition{2});
  window.restart();
  EXPECT_EQ(window.in_flight(), 0U);
  auto const third = window.next_sequence();
  EXPECT_GT(third, second);
  EXPECT_EQ(accept(window, LogPosition{1}), third);
}

TEST(PublishWindow, keeps_across_a_restart_what_was_reached_before_it) {
  auto window = window_of(3);
  pass(window, LogPosition{1});
  accept(window, LogPosition{2});
  window.restart();
  EXPECT_EQ(window.take_confirmable(), LogPosition{1});
}

TEST(PublishWindow, confirms_nothing_of_what_a_restart_forgot_until_it_came_again) {
  std::array const positions{LogPosition{10}, LogPosition{20}, LogPosition{30}};
  for (std::size_t done_before = 0; done_before < 3; ++done_before) {
    auto window = window_of(4);
    std::vector<Sequence> lost;
    for (auto const position : positions) lost.push_back(accept(window, position));
    // One later row is done; the oldest is not, so nothing is confirmed.
    if (done_before > 0) window.land(lost[done_before]);
    window.restart();
    EXPECT_EQ(window.take_confirmable(), std::nullopt);
    for (auto const position : positions) {
      pass(window, position);
      EXPECT_EQ(window.take_confirmable(), position);
    }
  }
}

TEST(PublishWindowDeathTest, refuses_a_row_that_is_done_twice_or_was_forgotten) {
  auto window = window_of(3);
  auto const first = accept(window, LogPosition{1});
  auto const second = accept(window, LogPosition{2});
  window.land(second);
  EXPECT_DEATH(window.land(second), "completed before");
  window.restart();
  EXPECT_DEATH(window.land(first), "not in flight");
}

TEST(PublishWindowDeathTest, refuses_a_row_when_the_window_is_full) {
  auto window = window_of(1);
  accept(window, LogPosition{1});
  EXPECT_DEATH(accept(window, LogPosition{2}), "full window");
}

TEST(PublishWindow, tells_how_far_rows_are_settled_within_a_transaction) {
  auto window = window_of(10);
  auto const first =
      accept(window, std::nullopt, RowPlace{.transaction = LogPosition{7}, .row = 1});
  auto const second =
      accept(window, std::nullopt, RowPlace{.transaction = LogPosition{7}, .row = 2});
  auto const replayed = accept(window, std::nullopt);
  auto const last =
      accept(window, LogPosition{9}, RowPlace{.transaction = LogPosition{7}, .row = 3});
  window.land(second);
  EXPECT_FALSE(window.take_settled()) << "the row before is on its way";
  window.land(first);
  EXPECT_EQ(window.take_settled()->row, 2U);
  EXPECT_FALSE(window.take_settled()) << "told once";
  window.land(replayed);
  EXPECT_FALSE(window.take_settled()) << "it has no place in the log";
  window.restart();
  EXPECT_FALSE(window.take_settled()) << "row " << last << " comes again";
}

}  // namespace
