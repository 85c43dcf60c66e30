// Where readers begin when what their group has stored is not where they left: of a topic that was
// deleted and made anew, reset by hand, removed by retention, or of partitions that were added.

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kafka_admin.hpp"
#include "kafka_harness.hpp"
#include "kafka_test.hpp"
#include "kafka_topics.hpp"
#include "proxied_kafka.hpp"

namespace tram::testing {
namespace {

using std::chrono::seconds;
using testkit::ConsumerProbe;
using testkit::OwnedRecord;
using Values = std::vector<std::string>;

class StoredPositions : public KafkaTest {
 protected:
  StoredPositions() : KafkaTest{config()} {}
  static ProxiedKafka& world() {
    static ProxiedKafka one;
    return one;
  }
  static kafka::Config config() {
    auto config = kafka_config(world().server);
    config.servers = world().servers();
    config.properties["topic.metadata.refresh.interval.ms"] = "500";
    // Stores are kept back for as long as it takes to make a topic anew.
    config.request_timeout = seconds{30};
    return config;
  }
  /// The values are the numbers from `first` on, as are the positions of a single partition.
  void publish(std::string const& channel, int first, int count) {
    std::vector<OwnedRecord> records;
    for (int i = first; i < first + count; ++i) {
      records.push_back({channel, "key-" + std::to_string(i % 7), std::to_string(i)});
    }
    KafkaTest::publish(std::move(records));
  }
  std::unique_ptr<ConsumerProbe> reader(std::string const& channel) {
    return std::make_unique<ConsumerProbe>(
        broker_->subscribe({.group = channel + "-readers", .owner = "shop"}, std::array{channel}));
  }
  static KafkaAdmin admin(std::string const& channel) {
    return KafkaAdmin{world().server.servers(), channel + "-readers"};
  }
  /// Until it was given the record of this value.
  bool read_to(ConsumerProbe& probe, int value) {
    return until([&] {
      probe.poll();
      probe.acknowledge_all();
      auto const values = probe.values();
      return !values.empty() && values.back() == std::to_string(value);
    });
  }
  /// A topic with `count` records, all of which were read, and nobody is there.
  void leave_behind(std::string const& channel, int count) {
    create(channel);
    publish(channel, 0, count);
    auto const probe = reader(channel);
    ASSERT_TRUE(read_to(*probe, count - 1));
    probe->consumer()->close(seconds{5});
    ASSERT_EQ(admin(channel).stored(channel), count);
  }
  static Values numbers(int first, int end) {
    Values values;
    for (int i = first; i < end; ++i) values.push_back(std::to_string(i));
    return values;
  }
};

// --- brokers that take short notes only

class ShortNotes : public StoredPositions {};

TEST_F(ShortNotes, leave_positions_without_one_and_are_told_once) {
  KafkaServer const server{[](int, std::string const&) {
    return std::vector<std::string>{"offset.metadata.max.bytes=32"};
  }};
  auto own = config();
  own.servers = server.servers();
  connect(own);
  create("short");
  auto const producer = broker_->producer();
  for (int i = 0; i < 20; ++i) {
    auto const value = std::to_string(i);
    ASSERT_TRUE(producer->submit({.channel = "short", .key = "k", .value = value},
                                 Sequence{static_cast<std::uint64_t>(i) + 1}));
  }
  auto const probe = reader("short");
  ASSERT_TRUE(until([&] {
    static_cast<void>(producer->completions());
    probe->poll();
    probe->acknowledge_all();
    return probe->values() == numbers(0, 20);
  })) << log();
  probe->consumer()->close(seconds{5});
  EXPECT_EQ((KafkaAdmin{server.servers(), "short-readers"}.stored("short")), 20) << log();
  EXPECT_EQ(logged("kafka.notes_refused"), 1U) << log();
}

// --- a coordinator that has not forgotten yet

/// How many questions are answered with the position of the topic that is gone: the client's own,
/// then the first of the reader.
class PositionsOfADeletedTopic : public StoredPositions, public ::testing::WithParamInterface<int> {
 protected:
  std::string channel_{"gone-" + std::to_string(GetParam())};
};

TEST_P(PositionsOfADeletedTopic, skip_no_record_of_the_topic_that_took_its_name) {
  leave_behind(channel_, 10);
  delete_topic(world().server.servers(), channel_);
  create(channel_);
  publish(channel_, 0, 30);
  ASSERT_TRUE(until([&] { return admin(channel_).stored(channel_) < 0; }));
  world().proxy->remember_position(channel_, 10, GetParam());
  auto const probe = reader(channel_);
  EXPECT_TRUE(until([&] {
    probe->poll();
    probe->acknowledge_all();
    auto const values = probe->values();
    return std::set<std::string>{values.begin(), values.end()}.size() == 30;
  })) << log();
  EXPECT_EQ(world().proxy->answers_left(), 0);
  EXPECT_EQ(probe->breaches(), Values{});
  EXPECT_EQ(logged("kafka.topic_made_anew"), 1U) << log();
  probe->consumer()->close(seconds{5});
  EXPECT_EQ(admin(channel_).stored(channel_), 30);
}

INSTANTIATE_TEST_SUITE_P(Answers, PositionsOfADeletedTopic, ::testing::Values(1, 2));

// --- stored too late

/// How many records the topic has that took the name of one with 20.
class PositionsStoredTooLate : public StoredPositions, public ::testing::WithParamInterface<int> {
 protected:
  /// Another topic of this name, of which the coordinator knows nothing yet.
  void make_anew(std::string const& channel, int records) {
    delete_topic(world().server.servers(), channel);
    create(channel);
    publish_words(channel, "new ", records);
    ASSERT_TRUE(until([&] { return admin(channel).stored(channel) < 0; }));
  }
  void publish_words(std::string const& channel, std::string const& word, int count) {
    std::vector<OwnedRecord> records;
    for (int i = 0; i < count; ++i) records.push_back({channel, "key", word + std::to_string(i)});
    KafkaTest::publish(std::move(records));
  }
  /// All records of the new topic, at last, in their order.
  void expect_all(ConsumerProbe& probe, int count) {
    std::set<std::string> seen;
    EXPECT_TRUE(until([&] {
      probe.poll();
      probe.acknowledge_all();
      for (auto const& value : probe.values())
        if (value.starts_with("new ")) seen.insert(value);
      return seen.size() == static_cast<std::size_t>(count);
    })) << seen.size()
        << " of " << count << " records were seen\n"
        << log();
    EXPECT_EQ(probe.breaches(), Values{});
    EXPECT_EQ(logged("kafka.topic_made_anew"), 1U) << log();
  }
};

/// As one that was on its way when the topic was deleted, of a reader that is gone.
TEST_P(PositionsStoredTooLate, are_not_where_a_reader_begins) {
  auto const channel = "late-" + std::to_string(GetParam());
  leave_behind(channel, 20);
  auto const note = admin(channel).note(channel);
  make_anew(channel, GetParam());
  ASSERT_EQ(admin(channel).reset(channel, 20, note), RD_KAFKA_RESP_ERR_NO_ERROR);
  auto const probe = reader(channel);
  expect_all(*probe, GetParam());
}

/// The reader that stores it is at work, and the coordinator's word proves nothing any more.
TEST_P(PositionsStoredTooLate, are_noticed_by_the_reader_that_stored_them) {
  auto const channel = "overtaken-" + std::to_string(GetParam());
  create(channel);
  publish(channel, 0, 10);
  auto const probe = reader(channel);
  ASSERT_TRUE(read_to(*probe, 9));
  ASSERT_TRUE(until([&] {
    probe->poll();
    return admin(channel).stored(channel) == 10;
  }));
  world().proxy->hold_stores(channel);
  publish(channel, 10, 10);
  ASSERT_TRUE(read_to(*probe, 19));
  ASSERT_TRUE(until([&] {
    probe->poll();
    return world().proxy->stores_held() > 0;
  }));
  make_anew(channel, GetParam());
  world().proxy->release_stores();
  ASSERT_TRUE(until([&] { return admin(channel).stored(channel) == 20; }));
  expect_all(*probe, GetParam());
}

/// It ends before it can notice.
TEST_P(PositionsStoredTooLate, are_noticed_by_the_successor_of_the_reader_that_stored_them) {
  auto const channel = "inherited-" + std::to_string(GetParam());
  leave_behind(channel, 10);
  publish(channel, 10, 10);
  auto first = reader(channel);
  world().proxy->hold_stores(channel);
  ASSERT_TRUE(read_to(*first, 19));
  ASSERT_TRUE(until([&] {
    first->poll();
    return world().proxy->stores_held() > 0;
  }));
  make_anew(channel, GetParam());
  world().proxy->release_stores();
  ASSERT_TRUE(until([&] { return admin(channel).stored(channel) == 20; }));
  first->crash();
  auto const probe = reader(channel);
  expect_all(*probe, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Records, PositionsStoredTooLate, ::testing::Values(5, 19, 20, 30));

// --- reset by hand

/// The position, and the first record that is read then, of 20 and 5 more.
class ResetPositions : public StoredPositions,
                       public ::testing::WithParamInterface<std::pair<int, int>> {};

TEST_P(ResetPositions, are_where_the_group_begins) {
  auto const [position, first] = GetParam();
  auto const channel = "reset-" + std::to_string(position);
  leave_behind(channel, 20);
  ASSERT_EQ(admin(channel).reset(channel, position), RD_KAFKA_RESP_ERR_NO_ERROR);
  auto const probe = reader(channel);
  publish(channel, 20, 5);
  EXPECT_TRUE(read_to(*probe, 24));
  EXPECT_EQ(probe->values(), numbers(first, 25));
  EXPECT_EQ(probe->breaches(), Values{});
  EXPECT_EQ(probe->expired(), 0);
  probe->consumer()->close(seconds{5});
  EXPECT_EQ(admin(channel).stored(channel), 25);
}

INSTANTIATE_TEST_SUITE_P(Places, ResetPositions,
                         ::testing::Values(std::pair{0, 0}, std::pair{7, 7}, std::pair{20, 20},
                                           std::pair{1'000, 0}));

TEST_F(StoredPositions, behind_the_end_are_said_to_be_so) {
  leave_behind("behind", 20);
  ASSERT_EQ(admin("behind").reset("behind", 1'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  auto const probe = reader("behind");
  EXPECT_TRUE(read_to(*probe, 19));
  EXPECT_EQ(logged("kafka.topic_made_anew"), 1U) << log();
}

/// The coordinator takes none from outside while there are members.
TEST_F(StoredPositions, cannot_be_reset_under_a_reader_at_work) {
  create("busy");
  publish("busy", 0, 20);
  auto const probe = reader("busy");
  ASSERT_TRUE(read_to(*probe, 19));
  for (int const position : {0, 10, 20, 1'000}) {
    EXPECT_EQ(admin("busy").reset("busy", position), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
  }
  publish("busy", 20, 5);
  EXPECT_TRUE(read_to(*probe, 24));
  EXPECT_EQ(probe->values(), numbers(0, 25));
}

// --- records removed before they were read

TEST_F(StoredPositions, of_removed_records_are_told_by_a_reader_that_was_away) {
  leave_behind("retained", 10);
  publish("retained", 10, 30);
  admin("retained").remove_records("retained", 25);
  auto const probe = reader("retained");
  EXPECT_TRUE(until([&] {
    probe->poll();
    probe->acknowledge_all();
    return probe->expired() > 0 && probe->values().size() == 15;
  })) << log();
  EXPECT_EQ(probe->values(), numbers(25, 40));
  EXPECT_EQ(probe->expired(), 15);
  EXPECT_EQ(logged("event=kafka.records_expired"), 1U);
  EXPECT_EQ(logged("partition=0 records=15 from=10 next=25"), 1U) << log();
}

TEST_F(StoredPositions, of_removed_records_are_told_though_none_are_left) {
  leave_behind("emptied", 10);
  publish("emptied", 10, 30);
  admin("emptied").remove_records("emptied", 40);
  auto const probe = reader("emptied");
  ASSERT_TRUE(until([&] {
    probe->poll();
    return !probe->owned().empty();
  }));
  publish("emptied", 40, 1);
  EXPECT_TRUE(until([&] {
    probe->poll();
    return probe->expired() > 0;
  })) << log();
  EXPECT_EQ(probe->expired(), 30);
  EXPECT_EQ(probe->values(), numbers(40, 41));
}

/// Nothing was handled yet, but the group has begun.
TEST_F(StoredPositions, at_the_beginning_count_as_well) {
  create("first");
  publish("first", 0, 20);
  auto const before = reader("first");
  ASSERT_TRUE(until([&] {
    before->poll();
    return before->values().size() == 20;
  }));
  before->consumer()->close(seconds{5});
  ASSERT_EQ(admin("first").stored("first"), 0);
  admin("first").remove_records("first", 5);
  auto const probe = reader("first");
  EXPECT_TRUE(until([&] {
    probe->poll();
    return probe->expired() > 0;
  })) << log();
  EXPECT_EQ(probe->expired(), 5);
}

TEST_F(StoredPositions, of_removed_records_are_told_by_a_reader_at_work) {
  TopicPartition const partition{.channel = "overtaken", .partition = 0};
  create("overtaken");
  publish("overtaken", 0, 10);
  auto const probe = reader("overtaken");
  ASSERT_TRUE(read_to(*probe, 9));
  probe->pause(partition);
  publish("overtaken", 10, 30);
  admin("overtaken").remove_records("overtaken", 25);
  probe->resume(partition);
  EXPECT_TRUE(until([&] {
    probe->poll();
    probe->acknowledge_all();
    return probe->expired() > 0 || probe->values().size() == 40;
  })) << log();
  ASSERT_TRUE(read_to(*probe, 39));
  auto const read = static_cast<std::int64_t>(probe->values().size());
  EXPECT_EQ(read + probe->expired(), 40) << "read or told";
  EXPECT_EQ(probe->breaches(), Values{});
}

/// It did not miss them: it was not there yet.
TEST_F(StoredPositions, do_not_count_records_of_a_time_before_the_group) {
  create("before");
  publish("before", 0, 20);
  admin("before").remove_records("before", 5);
  auto const probe = reader("before");
  ASSERT_TRUE(read_to(*probe, 19));
  publish("before", 20, 5);
  ASSERT_TRUE(read_to(*probe, 24));
  EXPECT_EQ(logged("kafka.records_expired"), 0U);
  EXPECT_EQ(probe->expired(), 0);
}

/// Where it starts counts for a group that has read nothing yet.
TEST_F(StoredPositions,
       of_removed_records_are_followed_by_what_is_left_for_a_group_that_began_late) {
  create("late-start");
  publish("late-start", 0, 5);
  auto const subscribe = [&] {
    return std::make_unique<ConsumerProbe>(
        broker_->subscribe({.group = "late-start-readers", .start = ConsumerMode::Start::latest},
                           std::array{std::string{"late-start"}}));
  };
  auto const before = subscribe();
  int next = 5;
  ASSERT_TRUE(until([&] {
    before->poll();
    before->acknowledge_all();
    if (before->values().empty() && !before->owned().empty()) publish("late-start", next++, 1);
    return !before->values().empty();
  }));
  EXPECT_GE(std::stoi(before->values().front()), 5) << "it begins behind what there was";
  before->consumer()->close(seconds{5});
  publish("late-start", next, 30);
  admin("late-start").remove_records("late-start", next + 10);
  auto const probe = subscribe();
  EXPECT_TRUE(read_to(*probe, next + 29)) << log();
  EXPECT_EQ(probe->values(), numbers(next + 10, next + 30));
}

// --- more partitions

class MorePartitions : public StoredPositions, public ::testing::WithParamInterface<bool> {};

TEST_P(MorePartitions, are_read_from_their_beginning) {
  bool const away = GetParam();
  std::string const channel = away ? "grown-away" : "grown";
  create(channel);
  publish(channel, 0, 20);
  auto probe = reader(channel);
  ASSERT_TRUE(read_to(*probe, 19));
  if (away) probe->consumer()->close(seconds{5});
  admin(channel).add_partitions(channel, 4);
  publish(channel, 20, 60);
  if (away) probe = reader(channel);
  std::set<std::string> seen;
  EXPECT_TRUE(until([&] {
    probe->poll();
    probe->acknowledge_all();
    for (auto const& each : probe->values()) seen.insert(each);
    return seen.size() == (away ? 60U : 80U);
  })) << seen.size();
  EXPECT_EQ(probe->expired(), 0);
  EXPECT_EQ(probe->breaches(), Values{});
}

INSTANTIATE_TEST_SUITE_P(Readers, MorePartitions, ::testing::Bool());

}  // namespace
}  // namespace tram::testing
