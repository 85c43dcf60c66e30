#include "partition_gate.hpp"

#include <gtest/gtest.h>

namespace tram::kafka {
namespace {

class PartitionGates : public ::testing::Test {
 protected:
  ManualClock clock_;
  PartitionGate gate_;
};

TEST_F(PartitionGates, let_one_record_of_a_new_producer_go_alone) {
  EXPECT_TRUE(gate_.open());
  gate_.handed_over(clock_);
  EXPECT_FALSE(gate_.open());
  gate_.acknowledged(clock_);
  EXPECT_TRUE(gate_.open());
}

TEST_F(PartitionGates, stay_open_once_the_leader_knows_the_producer) {
  gate_.handed_over(clock_);
  gate_.acknowledged(clock_);
  for (int i = 0; i < 10; ++i) {
    gate_.handed_over(clock_);
    EXPECT_TRUE(gate_.open());
  }
  clock_.advance(std::chrono::hours{1});
  gate_.handed_over(clock_);
  EXPECT_TRUE(gate_.open()) << "records are on their way all the time";
}

TEST_F(PartitionGates, let_the_next_record_go_alone_when_the_first_was_refused) {
  gate_.handed_over(clock_);
  gate_.refused();
  EXPECT_TRUE(gate_.open());
  gate_.handed_over(clock_);
  EXPECT_FALSE(gate_.open());
}

TEST_F(PartitionGates, let_one_record_go_alone_after_a_while_in_which_nothing_was_sent) {
  gate_.handed_over(clock_);
  gate_.acknowledged(clock_);
  clock_.advance(PartitionGate::known_for);
  gate_.handed_over(clock_);
  EXPECT_TRUE(gate_.open());
  gate_.acknowledged(clock_);
  clock_.advance(PartitionGate::known_for + std::chrono::milliseconds{1});
  gate_.handed_over(clock_);
  EXPECT_FALSE(gate_.open());
}

TEST_F(PartitionGates, let_no_more_bytes_go_than_a_batch_may_have) {
  gate_.handed_over(clock_, 10);
  gate_.acknowledged(clock_, 10);
  gate_.handed_over(clock_, 60);
  EXPECT_TRUE(gate_.open(40, 100));
  EXPECT_FALSE(gate_.open(41, 100));
  gate_.handed_over(clock_, 40);
  EXPECT_FALSE(gate_.open(1, 100));
  gate_.refused(60);
  EXPECT_TRUE(gate_.open(60, 100));
}

TEST_F(PartitionGates, forget_what_counted_as_more_when_it_went_than_when_it_came) {
  gate_.handed_over(clock_, 60);
  gate_.acknowledged(clock_, 0);
  gate_.handed_over(clock_, 50);
  EXPECT_TRUE(gate_.open(50, 100));
}

TEST_F(PartitionGates, let_each_record_go_alone_while_a_batch_may_have_nothing) {
  gate_.handed_over(clock_, 1);
  gate_.acknowledged(clock_, 1);
  EXPECT_TRUE(gate_.open(1, 0));
  gate_.handed_over(clock_, 1);
  EXPECT_FALSE(gate_.open(1, 0));
}

TEST_F(PartitionGates, let_a_record_that_is_too_large_by_itself_go_alone) {
  EXPECT_TRUE(gate_.open(500, 100));
  gate_.handed_over(clock_, 500);
  gate_.acknowledged(clock_, 500);
  gate_.handed_over(clock_, 10);
  EXPECT_FALSE(gate_.open(500, 100));
}

}  // namespace
}  // namespace tram::kafka
