#include "tram/relay/publishing_core.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <vector>

namespace {
using tram::LogPosition;
using tram::PublishingCore;
using tram::RowPlace;
using tram::Sequence;

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
    rows[4] = 50;
    for (std::size_t row = 0; row < 4; ++row) {
      if ((ends >> row & 1U) == 0) continue;
      rows[row] = 10 * (row + 1);
      ++transactions;
    }
    if (transactions == 2 || transactions == 3) all.push_back(rows);
  }
  return all;
}

TEST(PublishingCore,
     confirms_whole_transactions_of_the_finished_prefix_in_every_order_of_completion) {
  auto const all = five_rows_in_two_or_three_transactions();
  ASSERT_EQ(all.size(), 10U);
  for (auto const& rows : all) {
    std::array<std::size_t, 5> order{};
    std::iota(order.begin(), order.end(), 0U);
    do {
      PublishingCore core{5};
      std::vector<Sequence> sequences;
      for (auto const& row : rows) sequences.push_back(core.accept(row));
      std::vector<bool> finished(5);
      std::optional<LogPosition> confirmed;
      for (std::size_t const row : order) {
        core.done(sequences[row]);
        finished[row] = true;
        if (auto const position = core.take_confirmable()) confirmed = position;
        EXPECT_EQ(confirmed, expected_position(rows, finished));
        EXPECT_EQ(core.in_flight(),
                  5U - static_cast<std::size_t>(std::ranges::count(finished, true)));
      }
      EXPECT_EQ(confirmed, 50U);
      EXPECT_EQ(core.size(), 0U);
    } while (std::ranges::next_permutation(order).found);
  }
}

TEST(PublishingCore, confirms_every_accepted_prefix_while_later_rows_are_still_coming) {
  // Rows of an open transaction are published before its end is known (limits of memory, not of
  // meaning).
  PublishingCore core{8};
  auto const first = core.accept(std::nullopt);
  core.done(first);
  EXPECT_EQ(core.take_confirmable(), std::nullopt);
  auto const second = core.accept(20);
  EXPECT_EQ(core.take_confirmable(), std::nullopt);
  core.done(second);
  EXPECT_EQ(core.take_confirmable(), 20U);
}

TEST(PublishingCore, gives_a_position_once) {
  PublishingCore core{2};
  core.done(core.accept(7));
  EXPECT_EQ(core.take_confirmable(), 7U);
  EXPECT_EQ(core.take_confirmable(), std::nullopt);
}

TEST(PublishingCore, gives_only_the_last_of_several_positions) {
  PublishingCore core{2};
  core.done(core.accept(7));
  core.done(core.accept(8));
  EXPECT_EQ(core.take_confirmable(), 8U);
}

TEST(PublishingCore, confirms_what_was_seen_at_once_when_nothing_is_in_flight) {
  PublishingCore core{2};
  core.seen(100);
  EXPECT_EQ(core.take_confirmable(), 100U);
}

TEST(PublishingCore, confirms_what_was_seen_only_behind_the_rows_accepted_before) {
  PublishingCore core{4};
  auto const first = core.accept(10);
  auto const second = core.accept(20);
  core.seen(35);
  auto const third = core.accept(40);
  core.done(second);
  EXPECT_EQ(core.take_confirmable(), std::nullopt);
  core.done(first);
  EXPECT_EQ(core.take_confirmable(), 35U);
  core.done(third);
  EXPECT_EQ(core.take_confirmable(), 40U);
}

TEST(PublishingCore, takes_the_later_one_of_a_transactions_end_and_what_was_seen) {
  PublishingCore core{2};
  auto const row = core.accept(30);
  core.seen(20);
  core.done(row);
  EXPECT_EQ(core.take_confirmable(), 30U);
}

TEST(PublishingCore, never_steps_back) {
  PublishingCore core{2};
  core.seen(100);
  EXPECT_EQ(core.take_confirmable(), 100U);
  core.seen(90);
  core.done(core.accept(95));
  EXPECT_EQ(core.take_confirmable(), std::nullopt);
}

TEST(PublishingCore, is_full_while_the_oldest_row_is_not_done_however_many_others_are) {
  PublishingCore core{3};
  auto const oldest = core.accept(1);
  core.done(core.accept(2));
  EXPECT_FALSE(core.full());
  core.done(core.accept(3));
  EXPECT_TRUE(core.full());
  EXPECT_EQ(core.in_flight(), 1U);
  EXPECT_EQ(core.first_not_done(), oldest);
  core.done(oldest);
  EXPECT_FALSE(core.full());
  EXPECT_EQ(core.first_not_done(), core.next_sequence());
}

TEST(PublishingCore, tells_the_next_sequence_and_counts_on_after_a_restart) {
  PublishingCore core{3};
  auto const first = core.next_sequence();
  EXPECT_EQ(core.accept(1), first);
  auto const second = core.accept(2);
  core.restart();
  EXPECT_EQ(core.in_flight(), 0U);
  auto const third = core.next_sequence();
  EXPECT_GT(third, second);
  EXPECT_EQ(core.accept(1), third);
}

TEST(PublishingCore, keeps_across_a_restart_what_was_reached_before_it) {
  PublishingCore core{3};
  core.done(core.accept(1));
  core.accept(2);
  core.restart();
  EXPECT_EQ(core.take_confirmable(), 1U);
}

TEST(PublishingCore, confirms_nothing_of_what_a_restart_forgot_until_it_came_again) {
  for (std::size_t done_before = 0; done_before < 3; ++done_before) {
    PublishingCore core{4};
    std::vector<Sequence> lost;
    for (LogPosition const position : {10U, 20U, 30U}) lost.push_back(core.accept(position));
    // One later row is done; the oldest is not, so nothing is confirmed.
    if (done_before > 0) core.done(lost[done_before]);
    core.restart();
    EXPECT_EQ(core.take_confirmable(), std::nullopt);
    for (LogPosition const position : {10U, 20U, 30U}) {
      core.done(core.accept(position));
      EXPECT_EQ(core.take_confirmable(), position);
    }
  }
}

TEST(PublishingCoreDeathTest, refuses_a_row_that_is_done_twice_or_was_forgotten) {
  PublishingCore core{3};
  auto const first = core.accept(1);
  auto const second = core.accept(2);
  core.done(second);
  EXPECT_DEATH(core.done(second), "done twice");
  core.restart();
  EXPECT_DEATH(core.done(first), "not in flight");
}

TEST(PublishingCoreDeathTest, refuses_a_row_when_the_window_is_full) {
  PublishingCore core{1};
  core.accept(1);
  EXPECT_DEATH(core.accept(2), "full window");
}

TEST(PublishingCore, tells_how_far_rows_are_settled_within_a_transaction) {
  PublishingCore core{10};
  auto const first = core.accept(std::nullopt, RowPlace{.transaction = 7, .row = 1});
  auto const second = core.accept(std::nullopt, RowPlace{.transaction = 7, .row = 2});
  auto const replayed = core.accept(std::nullopt);
  auto const last = core.accept(9, RowPlace{.transaction = 7, .row = 3});
  core.done(second);
  EXPECT_FALSE(core.take_settled()) << "the row before is on its way";
  core.done(first);
  EXPECT_EQ(core.take_settled()->row, 2U);
  EXPECT_FALSE(core.take_settled()) << "told once";
  core.done(replayed);
  EXPECT_FALSE(core.take_settled()) << "it has no place in the log";
  core.restart();
  EXPECT_FALSE(core.take_settled()) << "row " << last << " comes again";
}

}  // namespace
