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

}  // namespace
}  // namespace tram::kafka
