#include "group_core.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tram/base/random.hpp"

namespace tram::embedded {
namespace {

std::vector<TopicPartition> partitions(int count) {
  std::vector<TopicPartition> all;
  for (int i = 0; i < count; ++i) all.push_back({.channel = "orders", .partition = i});
  return all;
}

TEST(GroupCore, gives_everything_to_the_only_member) {
  GroupCore core{0};
  core.join(1, partitions(3), SteadyTime{});
  auto const turn = core.turn(1, SteadyTime{});
  EXPECT_TRUE(turn.is_member);
  EXPECT_EQ(turn.take.size(), 3U);
  EXPECT_TRUE(core.turn(1, SteadyTime{}).take.empty());
}

TEST(GroupCore, hands_a_partition_over_only_after_its_owner_has_released_it) {
  GroupCore core{0};
  core.join(1, partitions(2), SteadyTime{});
  core.turn(1, SteadyTime{});
  core.join(2, partitions(2), SteadyTime{});
  EXPECT_TRUE(core.turn(2, SteadyTime{}).take.empty());
  auto const leaving = core.turn(1, SteadyTime{}).give_up;
  ASSERT_EQ(leaving.size(), 1U);
  EXPECT_EQ(core.turn(1, SteadyTime{}).give_up, leaving);
  core.release(1, leaving.front());
  auto const taken = core.turn(2, SteadyTime{}).take;
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken.front().partition, leaving.front());
}

TEST(GroupCore, takes_a_partition_under_a_newer_generation_every_time) {
  GroupCore core{41};
  core.join(1, partitions(1), SteadyTime{});
  auto last = core.turn(1, SteadyTime{}).take.front().generation;
  EXPECT_GT(last, 41);
  for (int round = 0; round < 3; ++round) {
    core.scatter();
    ASSERT_EQ(core.turn(1, SteadyTime{}).give_up.size(), 1U);
    core.release(1, partitions(1).front());
    auto const generation = core.turn(1, SteadyTime{}).take.front().generation;
    EXPECT_GT(generation, last);
    last = generation;
  }
}

TEST(GroupCore, puts_out_the_silent_but_never_the_one_that_asks) {
  GroupCore core{0};
  core.join(1, partitions(2), SteadyTime{});
  core.turn(1, SteadyTime{});
  core.join(2, partitions(2), SteadyTime{Duration{50}});
  EXPECT_FALSE(core.expire(SteadyTime{}, 2));
  EXPECT_TRUE(core.expire(SteadyTime{Duration{10}}, 2));
  EXPECT_FALSE(core.turn(1, SteadyTime{Duration{60}}).is_member);
  EXPECT_EQ(core.turn(2, SteadyTime{Duration{60}}).take.size(), 2U);
  EXPECT_FALSE(core.expire(SteadyTime::max(), 2));
}

TEST(GroupCore, leaves_alone_what_stays_with_its_owner) {
  GroupCore core{0};
  core.join(1, partitions(4), SteadyTime{});
  core.turn(1, SteadyTime{});
  core.join(2, partitions(4), SteadyTime{});
  EXPECT_EQ(core.turn(1, SteadyTime{}).give_up.size(), 2U);
  core.leave(2);
  // The newcomer went before anything was released: nothing needs to move.
  EXPECT_TRUE(core.turn(1, SteadyTime{}).give_up.empty());
}

/// Any history of joins, leaves, crashes and scatterings.
class RandomGroup {
 public:
  explicit RandomGroup(std::uint64_t seed) : random_{seed} {}

  void step() {
    switch (random_.below(8)) {
      case 0: join(); break;
      case 1: leave(); break;
      case 2: core_.scatter(); break;
      default: take_turn(); break;
    }
  }
  /// Nobody joins or leaves any more: everything must find its owner.
  void settle() {
    if (owners_of_members_.empty()) join();
    for (int round = 0; round < 4; ++round) {
      for (auto const& [member, owned] : std::map{owners_of_members_}) take_turn_of(member);
    }
  }
  [[nodiscard]] std::size_t owned() const {
    std::size_t count = 0;
    for (auto const& [member, partitions] : owners_of_members_) count += partitions.size();
    return count;
  }

 private:
  void join() {
    core_.join(++last_, partitions(5), SteadyTime{});
    owners_of_members_[last_];
  }
  void leave() {
    if (owners_of_members_.empty()) return;
    auto const member = any();
    core_.leave(member);
    owners_of_members_.erase(member);
  }
  void take_turn() {
    if (!owners_of_members_.empty()) take_turn_of(any());
  }
  void take_turn_of(MemberId member) {
    auto const turn = core_.turn(member, SteadyTime{});
    ASSERT_TRUE(turn.is_member);
    for (auto const& partition : turn.give_up) {
      ASSERT_EQ(owners_of_members_[member].erase(partition), 1U);
      core_.release(member, partition);
    }
    for (auto const& claim : turn.take) {
      for (auto const& [other, owned] : owners_of_members_) {
        ASSERT_FALSE(owned.contains(claim.partition)) << "two owners";
      }
      ASSERT_GT(claim.generation, generations_[claim.partition]);
      generations_[claim.partition] = claim.generation;
      owners_of_members_[member].insert(claim.partition);
    }
  }
  MemberId any() {
    auto place = owners_of_members_.begin();
    std::advance(place, random_.below(owners_of_members_.size()));
    return place->first;
  }

  SeededRandom random_;
  GroupCore core_{0};
  std::map<MemberId, std::set<TopicPartition>> owners_of_members_;
  std::map<TopicPartition, Generation> generations_;
  MemberId last_{};
};

TEST(GroupCore, never_has_two_owners_and_always_finds_one_in_any_history) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    RandomGroup group{seed};
    for (int i = 0; i < 60; ++i) group.step();
    group.settle();
    ASSERT_EQ(group.owned(), 5U);
    ASSERT_FALSE(testing::Test::HasFatalFailure());
  }
}

}  // namespace
}  // namespace tram::embedded
