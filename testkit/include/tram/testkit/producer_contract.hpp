#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <iostream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tram/testkit/broker_fixture.hpp"
#include "tram/wire/murmur2.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// How records are published.
///
/// `INSTANTIATE_TYPED_TEST_SUITE_P(Mine, ProducerContract, MyHarness);`
template <class Harness>
class ProducerContract : public BrokerFixture<Harness> {};

TYPED_TEST_SUITE_P(ProducerContract);

TYPED_TEST_P(ProducerContract, completes_every_record_once) {
  auto const channel = this->fresh_channel();
  auto probe = this->producer();
  std::vector<Sequence> sequences;
  for (auto const& record : this->numbered(channel, 100, 7)) {
    sequences.push_back(probe.submit(record).value());
  }
  ASSERT_TRUE(probe.settle());
  for (auto const sequence : sequences) EXPECT_TRUE(probe.landed(sequence));
  EXPECT_TRUE(probe.strays().empty());
  EXPECT_TRUE(probe.producer().completions().empty());
}

TYPED_TEST_P(ProducerContract, keeps_the_order_of_records_with_one_key) {
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

TYPED_TEST_P(ProducerContract, keeps_records_with_one_key_in_one_partition) {
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

TYPED_TEST_P(ProducerContract, copies_what_it_is_given) {
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

TYPED_TEST_P(ProducerContract, carries_any_bytes) {
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

TYPED_TEST_P(ProducerContract, refuses_a_record_that_is_too_large_and_takes_the_others) {
  if constexpr (TypeParam::refused_bytes > 0) {
    auto const channel = this->fresh_channel();
    this->expect_refused_alone({channel, "k", std::string(TypeParam::refused_bytes, 'x')});
  } else {
    std::cout << "not promised: this broker has no limit that could be tested\n";
  }
}

TYPED_TEST_P(ProducerContract, refuses_an_illegal_channel_and_takes_the_others) {
  this->expect_refused_alone({"no spaces, please", "k", "poison"});
}

TYPED_TEST_P(ProducerContract, refuses_a_channel_that_does_not_exist_and_takes_the_others) {
  if (this->broker().traits().refuses_missing_channels) {
    this->expect_refused_alone({this->fresh_name("missing"), "k", "poison"});
  } else {
    std::cout << "not promised: this broker may create channels by itself\n";
  }
}

TYPED_TEST_P(ProducerContract, takes_nothing_while_its_window_is_full) {
  auto const channel = this->fresh_channel();
  auto const producer = this->broker().producer();
  RecordView const view{.channel = channel, .key = "k", .value = "v"};
  std::size_t taken = 0;
  while (taken <= TypeParam::window_max && producer->submit(view, Sequence{taken + 1})) ++taken;
  ASSERT_LE(taken, TypeParam::window_max);
  auto const give_up = this->clock().steady() + TypeParam::patience;
  std::size_t completed = 0;
  while (completed < taken && this->clock().steady() < give_up) {
    pollfd wait{.fd = producer->descriptor(), .events = POLLIN, .revents = 0};
    if (wait.fd >= 0) ::poll(&wait, 1, 50);
    for (auto const& completion : producer->completions()) {
      EXPECT_FALSE(completion.error);
      ++completed;
    }
  }
  // What was refused is not among them, and there is room again.
  EXPECT_EQ(completed, taken);
  EXPECT_TRUE(producer->submit(view, Sequence{taken + 1}));
}

TYPED_TEST_P(ProducerContract, is_readable_when_completions_has_news) {
  auto const channel = this->fresh_channel();
  auto const producer = this->broker().producer();
  ASSERT_TRUE(producer->submit({.channel = channel, .key = "k", .value = "v"}, Sequence{1}));
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
  EXPECT_EQ(completions.front().sequence, Sequence{1});
}

REGISTER_TYPED_TEST_SUITE_P(ProducerContract, completes_every_record_once,
                            keeps_the_order_of_records_with_one_key,
                            keeps_records_with_one_key_in_one_partition, copies_what_it_is_given,
                            carries_any_bytes,
                            refuses_a_record_that_is_too_large_and_takes_the_others,
                            refuses_an_illegal_channel_and_takes_the_others,
                            refuses_a_channel_that_does_not_exist_and_takes_the_others,
                            takes_nothing_while_its_window_is_full,
                            is_readable_when_completions_has_news);

}  // namespace tram::testkit

#pragma GCC visibility pop
