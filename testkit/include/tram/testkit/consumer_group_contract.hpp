#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tram/broker/position_numbers.hpp"
#include "tram/testkit/broker_fixture.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// How the members of a group share partitions.
///
/// `INSTANTIATE_TYPED_TEST_SUITE_P(Mine, ConsumerGroupContract, MyHarness);`
template <class Harness>
class ConsumerGroupContract : public BrokerFixture<Harness> {};

TYPED_TEST_SUITE_P(ConsumerGroupContract);

TYPED_TEST_P(ConsumerGroupContract, shares_the_partitions_among_the_members) {
  auto const channel = this->fresh_channel();
  auto const group = this->fresh_name("group");
  auto const one = this->member(group, channel);
  ASSERT_TRUE(this->assigned(*one, 4));
  auto const two = this->member(group, channel);
  ASSERT_TRUE(this->until({one.get(), two.get()},
                          [&] { return one->owned().size() == 2 && two->owned().size() == 2; }));
  this->publish(channel, 100, 20);
  ASSERT_TRUE(this->until({one.get(), two.get()}, [&] {
    return one->deliveries().size() + two->deliveries().size() >= 100;
  }));
  auto all = one->values();
  for (auto const& value : two->values()) all.push_back(value);
  EXPECT_EQ(this->sorted(all), this->sorted_values(this->numbered(channel, 100, 20)));
  EXPECT_FALSE(one->deliveries().empty());
  EXPECT_FALSE(two->deliveries().empty());
  this->expect_no_breach(*one);
  this->expect_no_breach(*two);
}

TYPED_TEST_P(ConsumerGroupContract, gives_the_partitions_of_a_member_that_closes_to_the_others) {
  auto const channel = this->fresh_channel();
  auto const group = this->fresh_name("group");
  auto const one = this->member(group, channel);
  auto const two = this->member(group, channel);
  ASSERT_TRUE(this->until({one.get(), two.get()},
                          [&] { return one->owned().size() == 2 && two->owned().size() == 2; }));
  one->consumer()->close(TypeParam::patience);
  EXPECT_TRUE(this->assigned(*two, 4));
}

TYPED_TEST_P(ConsumerGroupContract, gives_the_partitions_of_a_member_that_crashes_to_the_others) {
  auto const channel = this->fresh_channel();
  auto const group = this->fresh_name("group");
  this->publish(channel, 40, 20);
  auto const one = this->member(group, channel);
  auto const two = this->member(group, channel);
  ASSERT_TRUE(this->until({one.get(), two.get()}, [&] {
    return one->owned().size() == 2 && two->owned().size() == 2 &&
           one->deliveries().size() + two->deliveries().size() >= 40;
  }));
  one->crash();
  ASSERT_TRUE(this->assigned(*two, 4));
  ASSERT_TRUE(this->until({two.get()}, [&] {
    auto const values = two->values();
    return std::set<std::string>{values.begin(), values.end()}.size() == 40;
  }));
  this->expect_no_breach(*two);
}

TYPED_TEST_P(ConsumerGroupContract,
             counts_acknowledgements_between_the_revocation_and_the_next_poll) {
  auto const channel = this->fresh_channel();
  auto const group = this->fresh_name("group");
  this->publish(channel, 40, 20);
  auto const one = this->member(group, channel);
  ASSERT_TRUE(this->received(*one, 40));
  auto const two = this->member(group, channel);
  ASSERT_TRUE(this->until({one.get(), two.get()}, [&] { return !one->just_revoked().empty(); }));
  one->acknowledge_all();
  ASSERT_TRUE(this->until({one.get(), two.get()}, [&] { return two->owned().size() == 2; }));
  // Nothing but what is new reaches the second member.
  this->publish(channel, 40, 20);
  ASSERT_TRUE(this->until({one.get(), two.get()}, [&] {
    return one->deliveries().size() + two->deliveries().size() >= 80;
  }));
  EXPECT_EQ(one->deliveries().size() + two->deliveries().size(), 80U);
  this->expect_no_breach(*one);
  this->expect_no_breach(*two);
}

TYPED_TEST_P(ConsumerGroupContract, ignores_acknowledgements_of_a_partition_that_is_gone) {
  auto const channel = this->fresh_channel(2);
  auto const group = this->fresh_name("group");
  auto const one = this->member(group, channel);
  ASSERT_TRUE(this->assigned(*one, 2));
  auto const two = this->member(group, channel);
  ASSERT_TRUE(this->until({one.get(), two.get()},
                          [&] { return one->owned().size() == 1 && two->owned().size() == 1; }));
  // Only now are there records: whatever `one` says about the other partition is stale.
  this->publish(channel, 40, 20);
  auto const gone = *two->owned().begin();
  one->consumer()->acknowledge(gone, position_of({1'000}));
  ASSERT_TRUE(this->until({one.get(), two.get()}, [&] {
    return one->deliveries().size() + two->deliveries().size() >= 40;
  }));
  one->consumer()->close(TypeParam::patience);
  two->crash();
  auto const three = this->member(group, channel);
  // Nothing was acknowledged by an owner, so all comes again.
  EXPECT_TRUE(this->received(*three, 40));
}

TYPED_TEST_P(ConsumerGroupContract, keeps_the_order_per_key_through_rebalances) {
  auto const channel = this->fresh_channel();
  auto const group = this->fresh_name("group");
  auto const one = this->member(group, channel);
  auto writer = this->producer();
  auto const records = this->numbered(channel, 300, 10);
  std::size_t submitted = 0;
  auto const publish_to = [&](std::size_t end) {
    while (submitted < end) writer.submit(records[submitted++]);
    return writer.settle();
  };
  ASSERT_TRUE(publish_to(100));
  ASSERT_TRUE(this->received(*one, 100));
  one->acknowledge_all();
  auto const two = this->member(group, channel);
  ASSERT_TRUE(publish_to(200));
  ASSERT_TRUE(this->until({one.get(), two.get()}, [&] {
    one->acknowledge_all();
    two->acknowledge_all();
    return two->owned().size() == 2 && one->owned().size() == 2;
  }));
  ASSERT_TRUE(publish_to(300));
  auto const all_seen = [&] {
    std::set<std::string> seen;
    for (auto const& value : one->values()) seen.insert(value);
    for (auto const& value : two->values()) seen.insert(value);
    return seen.size() == 300;
  };
  ASSERT_TRUE(this->until({one.get(), two.get()}, all_seen));
  this->expect_no_breach(*one);
  this->expect_no_breach(*two);
}

TYPED_TEST_P(ConsumerGroupContract, tells_the_members_of_a_group_that_it_is_shared_by_two_owners) {
  auto const channel = this->fresh_channel();
  ConsumerMode shop{.group = this->fresh_name("group"), .owner = "shop"};
  auto bank = shop;
  bank.owner = "bank";
  auto const one = this->subscribe(shop, {channel});
  auto const two = this->subscribe(bank, {channel});
  ASSERT_TRUE(this->until({one.get(), two.get()},
                          [&] { return one->owned().size() == 2 && two->owned().size() == 2; }));
  this->publish(channel, 40, 20);
  ASSERT_TRUE(this->until({one.get(), two.get()}, [&] {
    one->acknowledge_all();
    two->acknowledge_all();
    return !one->others().empty() && !two->others().empty();
  }));
  EXPECT_EQ(one->others(), std::vector<std::string>{"bank"});
  EXPECT_EQ(two->others(), std::vector<std::string>{"shop"});
  two->consumer()->close(TypeParam::patience);
  EXPECT_TRUE(this->until({one.get()}, [&] { return one->others().empty(); }));
  this->expect_no_breach(*one);
}

TYPED_TEST_P(ConsumerGroupContract, tells_nothing_of_members_that_have_the_same_owner_or_none) {
  auto const channel = this->fresh_channel();
  ConsumerMode const shop{.group = this->fresh_name("group"), .owner = "shop"};
  auto nobody = shop;
  nobody.owner.clear();
  auto bank = shop;
  bank.owner = "bank";
  auto const one = this->subscribe(shop, {channel});
  auto const two = this->subscribe(shop, {channel});
  auto const three = this->subscribe(nobody, {channel});
  auto const four = this->subscribe(bank, {channel});
  auto const all = {one.get(), two.get(), three.get(), four.get()};
  ASSERT_TRUE(this->until(all, [&] {
    return std::ranges::all_of(all, [](auto const* each) { return each->owned().size() == 1; });
  }));
  this->publish(channel, 40, 40);
  // The bank is told of, so the others would have been, too.
  ASSERT_TRUE(this->until(all, [&] {
    for (auto* const each : all) each->acknowledge_all();
    return !one->others().empty() && !two->others().empty() && !four->others().empty();
  }));
  EXPECT_EQ(one->others(), std::vector<std::string>{"bank"});
  EXPECT_EQ(two->others(), std::vector<std::string>{"bank"});
  EXPECT_EQ(four->others(), std::vector<std::string>{"shop"});
  EXPECT_TRUE(three->others().empty());
}

TYPED_TEST_P(ConsumerGroupContract, serves_many_threads_at_once) {
  auto const channel = this->fresh_channel();
  auto const group = this->fresh_name("group");
  constexpr int writers = 2;
  constexpr int each = 500;
  std::atomic<int> failures{0};
  std::atomic<int> seen{0};
  std::array<std::vector<std::string>, 2> breaches;
  {
    std::vector<std::jthread> threads;
    for (int writer = 0; writer < writers; ++writer) {
      threads.emplace_back([&, writer] {
        auto probe = this->producer();
        for (int i = 0; i < each; ++i) {
          auto const key = std::to_string(writer) + "-" + std::to_string(i % 5);
          if (!probe.submit({channel, key, std::to_string(i)})) ++failures;
        }
        if (!probe.settle()) ++failures;
      });
    }
    for (auto& found : breaches) {
      threads.emplace_back([&, &found = found] {
        auto const probe = this->member(group, channel);
        std::size_t counted = 0;
        bool const done = this->until({probe.get()}, [&] {
          seen += static_cast<int>(probe->deliveries().size() - counted);
          counted = probe->deliveries().size();
          probe->acknowledge_all();
          return seen >= writers * each;
        });
        if (!done) ++failures;
        probe->consumer()->close(TypeParam::patience);
        found = probe->breaches();
      });
    }
  }
  EXPECT_EQ(failures, 0);
  for (auto const& each_reader : breaches) EXPECT_EQ(each_reader, std::vector<std::string>{});
}

REGISTER_TYPED_TEST_SUITE_P(ConsumerGroupContract, shares_the_partitions_among_the_members,
                            gives_the_partitions_of_a_member_that_closes_to_the_others,
                            gives_the_partitions_of_a_member_that_crashes_to_the_others,
                            counts_acknowledgements_between_the_revocation_and_the_next_poll,
                            ignores_acknowledgements_of_a_partition_that_is_gone,
                            keeps_the_order_per_key_through_rebalances,
                            tells_the_members_of_a_group_that_it_is_shared_by_two_owners,
                            tells_nothing_of_members_that_have_the_same_owner_or_none,
                            serves_many_threads_at_once);

}  // namespace tram::testkit

#pragma GCC visibility pop
