#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include "tram/testkit/broker_fixture.hpp"
#include "tram/wire/murmur2.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// Where one consumer starts, and what it delivers.
///
/// `INSTANTIATE_TYPED_TEST_SUITE_P(Mine, ConsumerContract, MyHarness);`
template <class Harness>
class ConsumerContract : public BrokerFixture<Harness> {};

TYPED_TEST_SUITE_P(ConsumerContract);

TYPED_TEST_P(ConsumerContract, starts_a_new_group_at_the_earliest_record) {
  auto const channel = this->fresh_channel();
  this->publish(channel, 20, 5);
  auto const reader = this->member(this->fresh_name("group"), channel);
  EXPECT_TRUE(this->received(*reader, 20));
}

TYPED_TEST_P(ConsumerContract, starts_a_new_group_behind_the_latest_record_when_asked_to) {
  auto const channel = this->fresh_channel(1);
  this->publish(channel, 3, 1);
  auto const reader = this->subscribe({.kind = ConsumerMode::Kind::group,
                                       .group = this->fresh_name("group"),
                                       .start = ConsumerMode::Start::latest},
                                      {channel});
  ASSERT_TRUE(this->assigned(*reader, 1));
  // A broker may look up where the end is a little after the assignment: publish until one is seen.
  auto probe = this->producer();
  int sent = 100;
  ASSERT_TRUE(this->until({reader.get()}, [&] {
    if (reader->deliveries().empty()) probe.publish({{channel, "k", std::to_string(sent++)}});
    return !reader->deliveries().empty();
  }));
  EXPECT_GE(std::stoi(reader->values().front()), 100);
}

TYPED_TEST_P(ConsumerContract,
             passes_over_nothing_once_a_group_has_begun_behind_the_latest_record) {
  auto const channel = this->fresh_channel(2);
  ConsumerMode const mode{.kind = ConsumerMode::Kind::group,
                          .group = this->fresh_name("group"),
                          .start = ConsumerMode::Start::latest};
  this->publish(channel, 10, 5);
  auto const first = this->subscribe(mode, {channel});
  ASSERT_TRUE(this->assigned(*first, 2));
  first->crash();
  this->publish(channel, 20, 5);
  auto const second = this->subscribe(mode, {channel});
  EXPECT_TRUE(this->received(*second, 20));
  EXPECT_EQ(second->deliveries().size(), 20U);
}

TYPED_TEST_P(ConsumerContract, goes_on_behind_what_was_acknowledged) {
  auto const channel = this->fresh_channel(1);
  auto const group = this->fresh_name("group");
  this->publish(channel, 10, 1);
  auto const first = this->member(group, channel);
  ASSERT_TRUE(this->received(*first, 10));
  first->consumer()->acknowledge({channel, 0}, first->deliveries()[5].position);
  first->consumer()->close(TypeParam::patience);
  auto const second = this->member(group, channel);
  ASSERT_TRUE(this->received(*second, 4));
  EXPECT_EQ(second->values(), (std::vector<std::string>{"6", "7", "8", "9"}));
}

TYPED_TEST_P(ConsumerContract, keeps_positions_of_groups_apart) {
  auto const channel = this->fresh_channel(1);
  this->publish(channel, 5, 1);
  auto const one = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->received(*one, 5));
  one->acknowledge_all();
  one->consumer()->close(TypeParam::patience);
  auto const other = this->member(this->fresh_name("group"), channel);
  EXPECT_TRUE(this->received(*other, 5));
}

TYPED_TEST_P(ConsumerContract, delivers_again_after_a_crash_what_was_not_acknowledged) {
  auto const channel = this->fresh_channel();
  auto const group = this->fresh_name("group");
  this->publish(channel, 20, 5);
  auto const crashing = this->member(group, channel);
  ASSERT_TRUE(this->received(*crashing, 20));
  crashing->crash();
  auto const next = this->member(group, channel);
  ASSERT_TRUE(this->received(*next, 20));
  EXPECT_EQ(this->sorted(next->values()), this->sorted(crashing->values()));
}

TYPED_TEST_P(ConsumerContract, stores_acknowledgements_soon_though_nobody_closes) {
  auto const channel = this->fresh_channel(1);
  auto const group = this->fresh_name("group");
  this->publish(channel, 3, 1);
  auto const first = this->member(group, channel);
  ASSERT_TRUE(this->received(*first, 3));
  first->acknowledge_all();
  auto const soon = this->clock().steady() + TypeParam::stored_within;
  ASSERT_TRUE(this->until({first.get()}, [&] { return this->clock().steady() >= soon; }));
  first->crash();
  this->publish(channel, 1, 1);
  auto const second = this->member(group, channel);
  ASSERT_TRUE(this->received(*second, 1));
  EXPECT_EQ(second->values(), std::vector<std::string>{"0"});
  EXPECT_GT(second->deliveries().front().position, first->deliveries().back().position);
}

TYPED_TEST_P(ConsumerContract, delivers_nothing_of_a_paused_partition_until_it_is_resumed) {
  auto const channel = this->fresh_channel(2);
  auto const reader = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->assigned(*reader, 2));
  TopicPartition const paused{channel, 0};
  reader->pause(paused);
  this->publish(channel, 100, 20);
  auto const others = static_cast<std::size_t>(std::ranges::count_if(
      this->numbered(channel, 100, 20),
      [](OwnedRecord const& record) { return kafka_partition(record.key, 2) != 0; }));
  auto const expected = this->broker().traits().keys_as_kafka ? others : std::size_t{1};
  ASSERT_TRUE(this->received(*reader, expected));
  for (int i = 0; i < 5; ++i) reader->poll();
  this->expect_no_breach(*reader);
  reader->resume(paused);
  EXPECT_TRUE(this->received(*reader, 100));
  EXPECT_EQ(this->sorted(reader->values()), this->sorted_values(this->numbered(channel, 100, 20)));
  this->expect_no_breach(*reader);
}

TYPED_TEST_P(ConsumerContract, gives_every_listener_every_record_from_now_on) {
  auto const channel = this->fresh_channel();
  this->publish(channel, 10, 5);
  ConsumerMode const listening{.kind = ConsumerMode::Kind::broadcast};
  auto const one = this->subscribe(listening, {channel});
  auto const two = this->subscribe(listening, {channel});
  ASSERT_TRUE(this->assigned(*one, 4));
  ASSERT_TRUE(this->assigned(*two, 4));
  auto probe = this->producer();
  std::vector<OwnedRecord> records;
  for (int i = 0; i < 20; ++i) {
    records.push_back({channel, "key-" + std::to_string(i), "new-" + std::to_string(i)});
  }
  ASSERT_TRUE(probe.publish(records));
  ASSERT_TRUE(this->received(*one, 20));
  ASSERT_TRUE(this->received(*two, 20));
  EXPECT_EQ(this->sorted(one->values()), this->sorted_values(records));
  EXPECT_EQ(this->sorted(two->values()), this->sorted_values(records));
  this->expect_no_breach(*one);
}

TYPED_TEST_P(ConsumerContract, reads_several_channels_with_one_consumer) {
  auto const one = this->fresh_channel(1);
  auto const two = this->fresh_channel(2);
  auto const reader = this->subscribe(
      {.kind = ConsumerMode::Kind::group, .group = this->fresh_name("group")}, {one, two});
  this->publish(one, 5, 1);
  this->publish(two, 5, 5);
  ASSERT_TRUE(this->received(*reader, 10));
  EXPECT_EQ(reader->owned().size(), 3U);
  this->expect_no_breach(*reader);
}

TYPED_TEST_P(ConsumerContract, is_readable_when_poll_has_something) {
  auto const channel = this->fresh_channel(1);
  auto const reader = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->assigned(*reader, 1));
  auto const descriptor = reader->consumer()->descriptor();
  if (descriptor < 0) {
    std::cout << "not promised: this consumer is simply polled\n";
    return;
  }
  for (int i = 0; i < 3; ++i) reader->poll();
  this->publish(channel, 1, 1);
  auto const give_up = this->clock().steady() + TypeParam::patience;
  while (reader->deliveries().empty() && this->clock().steady() < give_up) {
    pollfd wait{.fd = descriptor, .events = POLLIN, .revents = 0};
    // Only news ends this wait, so that a record nobody is told of fails the test.
    ASSERT_EQ(::poll(&wait, 1, this->patience_milliseconds()), 1);
    reader->poll();
  }
  EXPECT_EQ(reader->deliveries().size(), 1U);
}

TYPED_TEST_P(ConsumerContract, does_nothing_after_close) {
  auto const channel = this->fresh_channel(1);
  auto const reader = this->member(this->fresh_name("group"), channel);
  this->publish(channel, 3, 1);
  ASSERT_TRUE(this->received(*reader, 3));
  auto& consumer = *reader->consumer();
  consumer.close(TypeParam::patience);
  consumer.close(TypeParam::patience);
  consumer.acknowledge({channel, 0}, reader->deliveries().back().position);
  consumer.pause({channel, 0});
  consumer.resume({channel, 0});
  EXPECT_TRUE(consumer.poll().empty());
}

REGISTER_TYPED_TEST_SUITE_P(ConsumerContract, starts_a_new_group_at_the_earliest_record,
                            starts_a_new_group_behind_the_latest_record_when_asked_to,
                            passes_over_nothing_once_a_group_has_begun_behind_the_latest_record,
                            goes_on_behind_what_was_acknowledged, keeps_positions_of_groups_apart,
                            delivers_again_after_a_crash_what_was_not_acknowledged,
                            stores_acknowledgements_soon_though_nobody_closes,
                            delivers_nothing_of_a_paused_partition_until_it_is_resumed,
                            gives_every_listener_every_record_from_now_on,
                            reads_several_channels_with_one_consumer,
                            is_readable_when_poll_has_something, does_nothing_after_close);

}  // namespace tram::testkit

#pragma GCC visibility pop
