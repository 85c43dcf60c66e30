#include "gaps.hpp"

#include <gtest/gtest.h>

namespace tram::kafka {
namespace {

class GapsOfAPartition : public ::testing::Test {
 protected:
  void expect_removed(Offset beginning, Offset from, Offset next) {
    auto const removed = gaps_.settle(partition_, beginning);
    EXPECT_EQ(removed.from, from);
    EXPECT_EQ(removed.next, next);
    EXPECT_TRUE(gaps_.found().empty());
  }
  TopicPartition partition_{.channel = "orders", .partition = 2};
  Gaps gaps_;
};

TEST_F(GapsOfAPartition, are_not_removed_records_when_the_partition_begins_before_them) {
  gaps_.note(partition_, {.from = 10, .next = 12});
  expect_removed(10, 0, 0);
}

TEST_F(GapsOfAPartition, are_removed_records_up_to_the_beginning_of_the_partition) {
  gaps_.note(partition_, {.from = 10, .next = 20});
  expect_removed(20, 10, 20);
}

TEST_F(GapsOfAPartition, are_removed_records_in_part_when_compaction_left_out_the_rest) {
  gaps_.note(partition_, {.from = 10, .next = 20});
  expect_removed(17, 10, 17);
}

TEST_F(GapsOfAPartition, count_once_what_was_read_between_them_as_read) {
  gaps_.note(partition_, {.from = 10, .next = 12});
  gaps_.note(partition_, {.from = 50, .next = 90});
  expect_removed(90, 50, 90);
}

TEST_F(GapsOfAPartition, end_where_records_came_that_were_removed_behind_the_reader) {
  gaps_.note(partition_, {.from = 10, .next = 20});
  expect_removed(500, 10, 20);
}

TEST_F(GapsOfAPartition, are_judged_for_their_own_partition_only) {
  gaps_.note({.channel = "orders", .partition = 0}, {.from = 1, .next = 5});
  EXPECT_EQ(gaps_.settle(partition_, 9).next, 0);
  EXPECT_EQ(gaps_.found().size(), 1U);
}

TEST_F(GapsOfAPartition, are_bounded_and_keep_their_end) {
  for (Offset at = 0; at < 10'000; at += 2) gaps_.note(partition_, {.from = at, .next = at + 1});
  EXPECT_EQ(gaps_.found().at(partition_).size(), 1'000U);
  EXPECT_EQ(gaps_.found().at(partition_).back().next, 9'999);
}

}  // namespace
}  // namespace tram::kafka
