// Topics that are deleted and made anew under the same name, with readers at work, away, or in the
// middle of something.

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kafka_harness.hpp"
#include "kafka_test.hpp"
#include "kafka_topics.hpp"
#include "tram/broker/position_numbers.hpp"

namespace tram::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testkit::ConsumerProbe;
using testkit::OwnedRecord;
using Texts = std::vector<std::string>;

class TopicsMadeAnew : public KafkaTest {
 protected:
  TopicsMadeAnew() : KafkaTest{kafka_config(server())} {}
  static KafkaServer& server() {
    static KafkaServer one;
    return one;
  }
  /// Values `word 0` to `word count-1`, in this order for each key.
  void publish(std::string const& channel, std::string const& word, int count) {
    std::vector<OwnedRecord> records;
    for (int i = 0; i < count; ++i) {
      records.push_back({channel, "key-" + std::to_string(i % 7), word + std::to_string(i)});
    }
    KafkaTest::publish(std::move(records));
  }
  void make_anew(std::string const& channel, std::int32_t partitions = 1) {
    delete_topic(server().servers(), channel);
    create(channel, partitions);
  }
  std::unique_ptr<ConsumerProbe> reader(std::string const& channel) {
    return std::make_unique<ConsumerProbe>(
        broker_->subscribe({.group = channel + "-readers", .owner = "shop"}, std::array{channel}));
  }
  static std::size_t seen(ConsumerProbe const& probe, std::string const& word) {
    std::set<std::string> values;
    for (auto const& value : probe.values()) {
      if (value.starts_with(word)) values.insert(value);
    }
    return values.size();
  }
  bool read(ConsumerProbe& probe, std::string const& word, std::size_t count) {
    return until([&] {
      probe.poll();
      probe.acknowledge_all();
      return seen(probe, word) >= count;
    });
  }
  /// Reads ten records, and is at rest with their positions stored.
  std::unique_ptr<ConsumerProbe> reader_behind_ten(std::string const& channel) {
    create(channel);
    publish(channel, "old ", 10);
    auto probe = reader(channel);
    EXPECT_TRUE(read(*probe, "old ", 10));
    auto const stored = Deadline::after(clock_, seconds{1});
    EXPECT_TRUE(until([&] {
      probe->poll();
      return stored.reached(clock_);
    }));
    return probe;
  }
  /// First occurrences of a single partition, in the order of publishing.
  static void expect_in_order(ConsumerProbe const& probe, std::string const& word, int count) {
    Texts wanted;
    for (int i = 0; i < count; ++i) wanted.push_back(word + std::to_string(i));
    Texts values;
    for (auto const& value : probe.values()) {
      if (value.starts_with(word)) values.push_back(value);
    }
    EXPECT_EQ(values, wanted);
  }
  /// What a member that comes later still gets.
  std::size_t left_for_a_successor(std::string const& channel, std::string const& marker) {
    publish(channel, marker, 1);
    auto const probe = reader(channel);
    EXPECT_TRUE(read(*probe, marker, 1));
    auto const count = probe->values().size() - 1;
    probe->consumer()->close(seconds{5});
    return count;
  }
};

TEST_F(TopicsMadeAnew, are_read_from_their_beginning_by_a_reader_at_work) {
  auto const probe = reader_behind_ten("at-work");
  make_anew("at-work");
  publish("at-work", "new ", 30);
  EXPECT_TRUE(read(*probe, "new ", 30)) << seen(*probe, "new ") << " of 30 records were seen";
  expect_in_order(*probe, "new ", 30);
  EXPECT_EQ(probe->breaches(), Texts{});
  probe->consumer()->close(seconds{5});
  EXPECT_EQ(left_for_a_successor("at-work", "last "), 0U);
}

TEST_F(TopicsMadeAnew, are_read_from_their_beginning_though_they_are_shorter) {
  auto const probe = reader_behind_ten("shorter");
  make_anew("shorter");
  publish("shorter", "new ", 5);
  EXPECT_TRUE(read(*probe, "new ", 5)) << seen(*probe, "new ") << " of 5 records were seen";
  expect_in_order(*probe, "new ", 5);
  EXPECT_EQ(probe->breaches(), Texts{});
}

TEST_F(TopicsMadeAnew, are_read_from_their_beginning_by_a_reader_that_was_away) {
  auto const probe = reader_behind_ten("away");
  probe->consumer()->close(seconds{5});
  make_anew("away");
  publish("away", "new ", 30);
  auto const later = reader("away");
  EXPECT_TRUE(read(*later, "new ", 30));
  expect_in_order(*later, "new ", 30);
}

TEST_F(TopicsMadeAnew, are_read_from_their_beginning_by_a_reader_that_had_read_nothing_yet) {
  auto const before = reader_behind_ten("idle");
  before->consumer()->close(seconds{5});
  auto const probe = reader("idle");
  auto const assigned = Deadline::after(clock_, seconds{2});
  ASSERT_TRUE(until([&] {
    probe->poll();
    return !probe->owned().empty() && assigned.reached(clock_);
  }));
  make_anew("idle");
  publish("idle", "new ", 30);
  EXPECT_TRUE(read(*probe, "new ", 30)) << seen(*probe, "new ") << " of 30 records were seen";
  expect_in_order(*probe, "new ", 30);
}

/// Of a listener nothing is stored. What it had of the new topic may come to it twice.
class ListenersToATopicMadeAnew : public TopicsMadeAnew,
                                  public ::testing::WithParamInterface<std::pair<int, int>> {
 protected:
  std::unique_ptr<ConsumerProbe> listener(std::string const& channel) {
    auto probe = std::make_unique<ConsumerProbe>(broker_->subscribe(
        {.kind = ConsumerMode::Kind::broadcast}, std::array<std::string, 1>{channel}));
    probe->poll();
    return probe;
  }
};

TEST_P(ListenersToATopicMadeAnew, miss_nothing) {
  auto const [before, after] = GetParam();
  auto const channel = "listened-" + std::to_string(before) + "-" + std::to_string(after);
  create(channel, 1);
  publish(channel, "earlier ", 5);
  auto const probe = listener(channel);
  publish(channel, "old ", before);
  auto const knows_its_place = Deadline::after(clock_, seconds{1});
  EXPECT_TRUE(until([&] {
    probe->poll();
    return seen(*probe, "old ") >= static_cast<std::size_t>(before) &&
           knows_its_place.reached(clock_);
  }));
  make_anew(channel);
  publish(channel, "new ", after);
  EXPECT_TRUE(read(*probe, "new ", static_cast<std::size_t>(after)))
      << seen(*probe, "new ") << " of " << after;
  EXPECT_EQ(seen(*probe, "earlier "), 0U);
}

INSTANTIATE_TEST_SUITE_P(Records, ListenersToATopicMadeAnew,
                         ::testing::Values(std::pair{5, 50}, std::pair{0, 50}, std::pair{20, 30},
                                           std::pair{20, 5}));

/// What it did of the old topic must not count for the new one.
TEST_F(TopicsMadeAnew, get_no_position_of_the_old_topic) {
  create("slow");
  publish("slow", "old ", 20);
  auto const probe = reader("slow");
  ASSERT_TRUE(until([&] {
    probe->poll();
    return seen(*probe, "old ") == 20;
  }));
  // Stores a position in the middle, and has not finished the rest.
  probe->consumer()->acknowledge({.channel = "slow", .partition = 0}, position_of({4}));
  auto const stored = Deadline::after(clock_, seconds{1});
  ASSERT_TRUE(until([&] {
    probe->poll();
    return stored.reached(clock_);
  }));
  make_anew("slow");
  publish("slow", "new ", 30);
  probe->consumer()->acknowledge({.channel = "slow", .partition = 0}, position_of({19}));
  probe->consumer()->close(seconds{5});
  auto const later = reader("slow");
  EXPECT_TRUE(read(*later, "new ", 30)) << seen(*later, "new ") << " of 30 records were seen";
}

TEST_F(TopicsMadeAnew, are_left_with_fetched_records_that_nobody_took) {
  create("backlog", 4);
  publish("backlog", "old ", 40'000);
  for (int round = 0; round < 10; ++round) {
    auto const probe = reader("backlog");
    ASSERT_TRUE(until([&] {
      probe->poll();
      return seen(*probe, "old ") > 0;
    }));
    auto const begun = clock_.steady();
    probe->consumer()->close(seconds{5});
    probe->crash();
    EXPECT_LT(clock_.steady() - begun, seconds{5});
  }
}

class TopicsOfAnotherSize : public TopicsMadeAnew,
                            public ::testing::WithParamInterface<std::pair<int, int>> {};

TEST_P(TopicsOfAnotherSize, are_read_whole_and_left_in_time) {
  auto const [before, after] = GetParam();
  auto const channel = "size-" + std::to_string(before) + "-" + std::to_string(after);
  create(channel, before);
  publish(channel, "old ", 60);
  auto const probe = reader(channel);
  ASSERT_TRUE(read(*probe, "old ", 60));
  make_anew(channel, after);
  publish(channel, "new ", 200);
  EXPECT_TRUE(read(*probe, "new ", 200)) << seen(*probe, "new ") << " of 200 records were seen";
  EXPECT_EQ(probe->breaches(), Texts{});
  auto const begun = clock_.steady();
  probe->consumer()->close(seconds{3});
  probe->crash();
  EXPECT_LT(clock_.steady() - begun, seconds{10});
}

INSTANTIATE_TEST_SUITE_P(Sizes, TopicsOfAnotherSize,
                         ::testing::Values(std::pair{1, 3}, std::pair{3, 1}));

}  // namespace
}  // namespace tram::testing
