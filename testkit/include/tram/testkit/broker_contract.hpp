#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "tram/base/random.hpp"
#include "tram/testkit/broker_probe.hpp"
#include "tram/wire/murmur2.hpp"

// What every broker must do, sentence by sentence of the seam's headers. A driver proves itself
// with a harness:
//
//   struct MyHarness {
//     // The deadline of anything that is waited for.
//     static constexpr tram::Duration patience{…};
//     // A member that polls has stored its acknowledgements after this long.
//     static constexpr tram::Duration stored_within{…};
//     // A value of so many bytes is refused; 0 where there is no limit to test.
//     static constexpr std::size_t refused_bytes{…};
//     // A window is full after so many records at most.
//     static constexpr std::size_t window_max{…};
//     tram::Broker& broker();
//     tram::Clock& clock();  // the machine's
//   };
//
// and, within namespace tram::testkit,
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyBroker, BrokerContract, MyHarness);
//
// One harness is made per test. Channels and groups get names that no other run has used, so that
// a server can be shared.

namespace tram::testkit {

/// `INSTANTIATE_TYPED_TEST_SUITE_P(MyBroker, BrokerContract, MyHarness);`
template <class Harness>
class BrokerContract : public ::testing::Test {
 protected:
  using Mode = ConsumerMode;

  static constexpr std::int32_t partitions{4};

  Broker& broker() { return harness_.broker(); }
  Clock& clock() { return harness_.clock(); }

  std::string fresh_name(std::string const& what) {
    return what + "-" + random_uuid(random_).substr(0, 13);
  }
  std::string fresh_channel(std::int32_t count = partitions) {
    std::string const channel = fresh_name("channel");
    broker().create_channels(std::array{channel}, count,
                             Deadline::after(clock(), Harness::patience));
    return channel;
  }
  ProducerProbe producer() {
    return ProducerProbe{broker().producer(), clock(), Harness::patience};
  }
  std::unique_ptr<ConsumerProbe> subscribe(Mode const& mode, std::vector<std::string> channels) {
    return std::make_unique<ConsumerProbe>(broker().subscribe(mode, channels));
  }
  std::unique_ptr<ConsumerProbe> member(std::string const& group, std::string const& channel) {
    return subscribe({.kind = Mode::Kind::group, .group = group}, {channel});
  }
  bool until(std::initializer_list<ConsumerProbe*> probes, std::function<bool()> const& condition) {
    return poll_until(clock(), Harness::patience, probes, condition);
  }
  bool assigned(ConsumerProbe& probe, std::size_t count) {
    return until({&probe}, [&] { return probe.owned().size() == count; });
  }
  bool received(ConsumerProbe& probe, std::size_t count) {
    return until({&probe}, [&] { return probe.deliveries().size() >= count; });
  }
  /// `count` records with values `0`, `1`, … and `keys` keys in turn.
  static std::vector<OwnedRecord> numbered(std::string const& channel, int count, int keys) {
    std::vector<OwnedRecord> records;
    for (int i = 0; i < count; ++i) {
      records.push_back({channel, "key-" + std::to_string(i % keys), std::to_string(i)});
    }
    return records;
  }
  void publish(std::string const& channel, int count, int keys) {
    auto probe = producer();
    ASSERT_TRUE(probe.publish(numbered(channel, count, keys)));
  }
  static std::vector<std::string> sorted(std::vector<std::string> values) {
    std::ranges::sort(values);
    return values;
  }
  static std::vector<std::string> sorted_values(std::vector<OwnedRecord> const& records) {
    std::vector<std::string> values;
    for (auto const& record : records) values.push_back(record.value);
    return sorted(values);
  }
  static void expect_ascending(std::vector<std::string> const& numbers) {
    for (std::size_t i = 1; i < numbers.size(); ++i) {
      EXPECT_LT(std::stoi(numbers[i - 1]), std::stoi(numbers[i]));
    }
  }
  static void expect_no_breach(ConsumerProbe const& probe) {
    EXPECT_EQ(probe.breaches(), std::vector<std::string>{});
  }
  /// One poison record between two good ones.
  void expect_refused_alone(OwnedRecord const& poison) {
    auto const channel = fresh_channel();
    auto probe = producer();
    auto const before = probe.submit({channel, "k", "before"});
    auto const refused = probe.submit(poison);
    auto const after = probe.submit({channel, "k", "after"});
    ASSERT_TRUE(probe.settle());
    EXPECT_TRUE(probe.landed(before));
    EXPECT_EQ(probe.fault(refused), Fault::rejected);
    EXPECT_TRUE(probe.landed(after));
    auto const reader = member(fresh_name("group"), channel);
    ASSERT_TRUE(received(*reader, 2));
    EXPECT_EQ(reader->values(), (std::vector<std::string>{"before", "after"}));
  }

  static int patience_milliseconds() {
    return static_cast<int>(
        std::chrono::duration_cast<std::chrono::milliseconds>(Harness::patience).count());
  }

  Harness harness_;
  SystemRandom random_;
};

TYPED_TEST_SUITE_P(BrokerContract);

// Producer

TYPED_TEST_P(BrokerContract, completes_every_record_once) {
  auto const channel = this->fresh_channel();
  auto probe = this->producer();
  std::vector<Sequence> sequences;
  for (auto const& record : this->numbered(channel, 100, 7)) {
    sequences.push_back(probe.submit(record));
  }
  ASSERT_TRUE(probe.settle());
  for (auto const sequence : sequences) EXPECT_TRUE(probe.landed(sequence));
  EXPECT_TRUE(probe.strays().empty());
  EXPECT_TRUE(probe.producer().completions().empty());
}

TYPED_TEST_P(BrokerContract, keeps_the_order_of_records_with_one_key) {
  auto const channel = this->fresh_channel();
  this->publish(channel, 500, 7);
  auto const reader = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->received(*reader, 500));
  for (int key = 0; key < 7; ++key) {
    this->expect_ascending(reader->values_of("key-" + std::to_string(key)));
  }
  EXPECT_EQ(this->sorted(reader->values()), this->sorted_values(this->numbered(channel, 500, 7)));
  this->expect_no_breach(*reader);
}

TYPED_TEST_P(BrokerContract, keeps_records_with_one_key_in_one_partition) {
  auto const channel = this->fresh_channel();
  this->publish(channel, 60, 20);
  auto const reader = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->received(*reader, 60));
  std::map<std::string, std::set<std::int32_t>> places;
  for (auto const& delivery : reader->deliveries()) {
    places[delivery.key].insert(delivery.source.partition);
  }
  for (auto const& [key, numbers] : places) {
    EXPECT_EQ(numbers.size(), 1U) << key;
    if (this->broker().traits().keys_as_kafka) {
      EXPECT_EQ(*numbers.begin(), kafka_partition(key, this->partitions)) << key;
    }
  }
}

TYPED_TEST_P(BrokerContract, copies_what_it_is_given) {
  auto const channel = this->fresh_channel();
  auto probe = this->producer();
  OwnedRecord record{channel, "key", "the first value"};
  probe.submit(record);
  record.value.assign(record.value.size(), '#');
  record.key.assign(record.key.size(), '#');
  ASSERT_TRUE(probe.settle());
  auto const reader = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->received(*reader, 1));
  EXPECT_EQ(reader->deliveries().front().key, "key");
  EXPECT_EQ(reader->deliveries().front().value, "the first value");
}

TYPED_TEST_P(BrokerContract, carries_any_bytes) {
  auto const channel = this->fresh_channel();
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  auto probe = this->producer();
  ASSERT_TRUE(probe.publish({{channel, bytes, bytes}, {channel, "empty", ""}}));
  auto const reader = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->received(*reader, 2));
  EXPECT_EQ(reader->values_of(bytes), std::vector{bytes});
  EXPECT_EQ(reader->values_of("empty"), std::vector{std::string{}});
}

TYPED_TEST_P(BrokerContract, refuses_a_record_that_is_too_large_and_takes_the_others) {
  if constexpr (TypeParam::refused_bytes > 0) {
    auto const channel = this->fresh_channel();
    this->expect_refused_alone({channel, "k", std::string(TypeParam::refused_bytes, 'x')});
  } else {
    std::cout << "not promised: this broker has no limit that could be tested\n";
  }
}

TYPED_TEST_P(BrokerContract, refuses_an_illegal_channel_and_takes_the_others) {
  this->expect_refused_alone({"no spaces, please", "k", "poison"});
}

TYPED_TEST_P(BrokerContract, refuses_a_channel_that_does_not_exist_and_takes_the_others) {
  if (this->broker().traits().refuses_missing_channels) {
    this->expect_refused_alone({this->fresh_name("missing"), "k", "poison"});
  } else {
    std::cout << "not promised: this broker may create channels by itself\n";
  }
}

TYPED_TEST_P(BrokerContract, takes_nothing_while_its_window_is_full) {
  auto const channel = this->fresh_channel();
  auto const producer = this->broker().producer();
  RecordView const view{.channel = channel, .key = "k", .value = "v"};
  Sequence sequence = 0;
  while (sequence <= TypeParam::window_max && producer->submit(view, sequence + 1)) ++sequence;
  ASSERT_LE(sequence, TypeParam::window_max);
  auto const give_up = this->clock().steady() + TypeParam::patience;
  std::size_t completed = 0;
  while (completed < sequence && this->clock().steady() < give_up) {
    pollfd wait{.fd = producer->descriptor(), .events = POLLIN, .revents = 0};
    if (wait.fd >= 0) ::poll(&wait, 1, 50);
    for (auto const& completion : producer->completions()) {
      EXPECT_FALSE(completion.error);
      ++completed;
    }
  }
  // What was refused is not among them, and there is room again.
  EXPECT_EQ(completed, sequence);
  EXPECT_TRUE(producer->submit(view, sequence + 1));
}

TYPED_TEST_P(BrokerContract, is_readable_when_completions_has_news) {
  auto const channel = this->fresh_channel();
  auto const producer = this->broker().producer();
  ASSERT_TRUE(producer->submit({.channel = channel, .key = "k", .value = "v"}, 1));
  auto const give_up = this->clock().steady() + TypeParam::patience;
  std::vector<Completion> completions;
  while (completions.empty() && this->clock().steady() < give_up) {
    if (producer->descriptor() >= 0) {
      pollfd wait{.fd = producer->descriptor(), .events = POLLIN, .revents = 0};
      // Waiting for ever would end in the test's time-out: news must show.
      ASSERT_EQ(::poll(&wait, 1, this->patience_milliseconds()), 1);
    }
    completions = producer->completions();
    if (producer->descriptor() < 0) break;
  }
  ASSERT_EQ(completions.size(), 1U);
  EXPECT_EQ(completions.front().sequence, 1U);
}

// Broker

TYPED_TEST_P(BrokerContract, creates_channels_with_the_partitions_asked_for) {
  auto const channel = this->fresh_channel(3);
  auto const reader = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->assigned(*reader, 3));
}

TYPED_TEST_P(BrokerContract, leaves_a_channel_that_exists_as_it_is) {
  auto const channel = this->fresh_channel(3);
  this->publish(channel, 10, 10);
  this->broker().create_channels(std::array{channel}, 5,
                                 Deadline::after(this->clock(), TypeParam::patience));
  auto const reader = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->received(*reader, 10));
  EXPECT_EQ(reader->owned().size(), 3U);
}

TYPED_TEST_P(BrokerContract, refuses_to_create_an_illegal_channel) {
  try {
    this->broker().create_channels(std::array{std::string{"a/b"}}, 1,
                                   Deadline::after(this->clock(), TypeParam::patience));
    FAIL() << "it was created";
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::rejected) << error.what(); }
}

TYPED_TEST_P(BrokerContract, creates_missing_channels_for_a_consumer) {
  auto const channel = this->fresh_name("made-by-subscribe");
  auto const reader = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->until({reader.get()}, [&] { return !reader->owned().empty(); }));
  this->publish(channel, 1, 1);
  EXPECT_TRUE(this->received(*reader, 1));
}

TYPED_TEST_P(BrokerContract, says_what_it_is) {
  auto const traits = this->broker().traits();
  EXPECT_FALSE(traits.name.empty());
  if (traits.record_bytes_max > 0 && TypeParam::refused_bytes > 0) {
    EXPECT_LT(traits.record_bytes_max, TypeParam::refused_bytes);
  }
}

// Consumer: where it starts

TYPED_TEST_P(BrokerContract, starts_a_new_group_at_the_earliest_record) {
  auto const channel = this->fresh_channel();
  this->publish(channel, 20, 5);
  auto const reader = this->member(this->fresh_name("group"), channel);
  EXPECT_TRUE(this->received(*reader, 20));
}

TYPED_TEST_P(BrokerContract, starts_a_new_group_behind_the_latest_record_when_asked_to) {
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

TYPED_TEST_P(BrokerContract, goes_on_behind_what_was_acknowledged) {
  auto const channel = this->fresh_channel(1);
  auto const group = this->fresh_name("group");
  this->publish(channel, 10, 1);
  auto const first = this->member(group, channel);
  ASSERT_TRUE(this->received(*first, 10));
  first->consumer()->acknowledge({channel, 0}, first->deliveries()[6].position);
  first->consumer()->close(TypeParam::patience);
  auto const second = this->member(group, channel);
  ASSERT_TRUE(this->received(*second, 4));
  EXPECT_EQ(second->values(), (std::vector<std::string>{"6", "7", "8", "9"}));
}

TYPED_TEST_P(BrokerContract, keeps_positions_of_groups_apart) {
  auto const channel = this->fresh_channel(1);
  this->publish(channel, 5, 1);
  auto const one = this->member(this->fresh_name("group"), channel);
  ASSERT_TRUE(this->received(*one, 5));
  one->acknowledge_all();
  one->consumer()->close(TypeParam::patience);
  auto const other = this->member(this->fresh_name("group"), channel);
  EXPECT_TRUE(this->received(*other, 5));
}

TYPED_TEST_P(BrokerContract, delivers_again_after_a_crash_what_was_not_acknowledged) {
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

TYPED_TEST_P(BrokerContract, stores_acknowledgements_soon_though_nobody_closes) {
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
  EXPECT_EQ(second->deliveries().front().position, first->deliveries().back().position + 1);
}

// Consumer: groups

TYPED_TEST_P(BrokerContract, shares_the_partitions_among_the_members) {
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

TYPED_TEST_P(BrokerContract, gives_the_partitions_of_a_member_that_closes_to_the_others) {
  auto const channel = this->fresh_channel();
  auto const group = this->fresh_name("group");
  auto const one = this->member(group, channel);
  auto const two = this->member(group, channel);
  ASSERT_TRUE(this->until({one.get(), two.get()},
                          [&] { return one->owned().size() == 2 && two->owned().size() == 2; }));
  one->consumer()->close(TypeParam::patience);
  EXPECT_TRUE(this->assigned(*two, 4));
}

TYPED_TEST_P(BrokerContract, gives_the_partitions_of_a_member_that_crashes_to_the_others) {
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

TYPED_TEST_P(BrokerContract, counts_acknowledgements_between_the_revocation_and_the_next_poll) {
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

TYPED_TEST_P(BrokerContract, ignores_acknowledgements_of_a_partition_that_is_gone) {
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
  one->consumer()->acknowledge(gone, 1'000);
  ASSERT_TRUE(this->until({one.get(), two.get()}, [&] {
    return one->deliveries().size() + two->deliveries().size() >= 40;
  }));
  one->consumer()->close(TypeParam::patience);
  two->crash();
  auto const three = this->member(group, channel);
  // Nothing was acknowledged by an owner, so all comes again.
  EXPECT_TRUE(this->received(*three, 40));
}

TYPED_TEST_P(BrokerContract, keeps_the_order_per_key_through_rebalances) {
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

// Consumer: pause, broadcast, descriptor, close

TYPED_TEST_P(BrokerContract, delivers_nothing_of_a_paused_partition_until_it_is_resumed) {
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

TYPED_TEST_P(BrokerContract, gives_every_listener_every_record_from_now_on) {
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

TYPED_TEST_P(BrokerContract, tells_the_members_of_a_group_that_it_is_shared_by_two_owners) {
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

TYPED_TEST_P(BrokerContract, tells_nothing_of_members_that_have_the_same_owner_or_none) {
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

TYPED_TEST_P(BrokerContract, answers_a_ping) {
  EXPECT_NO_THROW(this->broker().ping(Deadline::after(this->clock(), TypeParam::patience)));
}

TYPED_TEST_P(BrokerContract, waits_no_longer_than_until_a_stop) {
  std::stop_source stop;
  stop.request_stop();
  auto const began = this->clock().steady();
  std::array const channels{this->fresh_name("channel")};
  for (auto const kind : {ConsumerMode::Kind::group, ConsumerMode::Kind::broadcast}) {
    try {
      (void)this->broker().subscribe({.kind = kind, .group = this->fresh_name("group")}, channels,
                                     stop.get_token());
      this->broker().create_channels(channels, 1, Deadline::never(), stop.get_token());
      this->broker().ping(Deadline::never(), stop.get_token());
    } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::transient); }
  }
  EXPECT_LT(this->clock().steady() - began, TypeParam::patience);
}

TYPED_TEST_P(BrokerContract, reads_several_channels_with_one_consumer) {
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

TYPED_TEST_P(BrokerContract, is_readable_when_poll_has_something) {
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

TYPED_TEST_P(BrokerContract, does_nothing_after_close) {
  auto const channel = this->fresh_channel(1);
  auto const reader = this->member(this->fresh_name("group"), channel);
  this->publish(channel, 3, 1);
  ASSERT_TRUE(this->received(*reader, 3));
  auto& consumer = *reader->consumer();
  consumer.close(TypeParam::patience);
  consumer.close(TypeParam::patience);
  consumer.acknowledge({channel, 0}, 3);
  consumer.pause({channel, 0});
  consumer.resume({channel, 0});
  EXPECT_TRUE(consumer.poll().empty());
}

TYPED_TEST_P(BrokerContract, serves_many_threads_at_once) {
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
          if (probe.submit({channel, key, std::to_string(i)}) == 0) ++failures;
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

REGISTER_TYPED_TEST_SUITE_P(
    BrokerContract, completes_every_record_once, keeps_the_order_of_records_with_one_key,
    keeps_records_with_one_key_in_one_partition, copies_what_it_is_given, carries_any_bytes,
    refuses_a_record_that_is_too_large_and_takes_the_others,
    refuses_an_illegal_channel_and_takes_the_others,
    refuses_a_channel_that_does_not_exist_and_takes_the_others,
    takes_nothing_while_its_window_is_full, is_readable_when_completions_has_news,
    creates_channels_with_the_partitions_asked_for, leaves_a_channel_that_exists_as_it_is,
    refuses_to_create_an_illegal_channel, creates_missing_channels_for_a_consumer, says_what_it_is,
    starts_a_new_group_at_the_earliest_record,
    starts_a_new_group_behind_the_latest_record_when_asked_to, goes_on_behind_what_was_acknowledged,
    keeps_positions_of_groups_apart, delivers_again_after_a_crash_what_was_not_acknowledged,
    stores_acknowledgements_soon_though_nobody_closes, shares_the_partitions_among_the_members,
    gives_the_partitions_of_a_member_that_closes_to_the_others,
    gives_the_partitions_of_a_member_that_crashes_to_the_others,
    counts_acknowledgements_between_the_revocation_and_the_next_poll,
    ignores_acknowledgements_of_a_partition_that_is_gone,
    keeps_the_order_per_key_through_rebalances,
    delivers_nothing_of_a_paused_partition_until_it_is_resumed,
    gives_every_listener_every_record_from_now_on,
    tells_the_members_of_a_group_that_it_is_shared_by_two_owners,
    tells_nothing_of_members_that_have_the_same_owner_or_none, answers_a_ping,
    waits_no_longer_than_until_a_stop, reads_several_channels_with_one_consumer,
    is_readable_when_poll_has_something, does_nothing_after_close, serves_many_threads_at_once);

}  // namespace tram::testkit
