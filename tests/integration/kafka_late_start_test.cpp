// Groups with `Start::latest`: they begin behind what there is, once, and pass over nothing from
// then on.

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <set>
#include <string>
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

class LateGroups : public KafkaTest {
 protected:
  static ProxiedKafka& world() {
    static ProxiedKafka one;
    return one;
  }
  static kafka::Config config() {
    auto config = kafka_config(world().server);
    config.servers = world().servers();
    config.properties["topic.metadata.refresh.interval.ms"] = "500";
    return config;
  }
  LateGroups() : KafkaTest{config()} {}

  /// Of the group `readers` of this test.
  [[nodiscard]] static std::string group() {
    return std::string{::testing::UnitTest::GetInstance()->current_test_info()->name()};
  }
  static std::unique_ptr<ConsumerProbe> reader(Broker& broker, Values const& channels) {
    return std::make_unique<ConsumerProbe>(broker.subscribe(
        {.group = group(), .owner = "shop", .start = ConsumerMode::Start::latest}, channels));
  }
  /// One of another process, which knows nothing of those before.
  std::unique_ptr<ConsumerProbe> reader(Values const& channels) {
    connect(config());
    return reader(*broker_, channels);
  }
  static KafkaAdmin admin() { return KafkaAdmin{world().server.servers(), group()}; }
  bool owns(ConsumerProbe& probe, std::size_t partitions) {
    return until([&] {
      probe.poll();
      return probe.owned().size() == partitions;
    });
  }
  /// Over as many partitions as the channel has.
  void publish(std::string const& channel, std::string const& word, int count) {
    std::vector<OwnedRecord> records;
    for (int i = 0; i < count; ++i)
      records.push_back({channel, "key-" + std::to_string(i), word + std::to_string(i)});
    KafkaTest::publish(std::move(records));
  }
  /// Was there, and has read nothing.
  void come_and_go(Values const& channels, std::size_t partitions) {
    auto const probe = reader(channels);
    ASSERT_TRUE(owns(*probe, partitions)) << log();
    probe->consumer()->close(seconds{5});
  }
  static std::size_t count_of(ConsumerProbe const& probe, std::string const& word) {
    std::set<std::string> seen;
    for (auto const& value : probe.values())
      if (value.starts_with(word)) seen.insert(value);
    return seen.size();
  }
  /// Of a word, each at least once; of the word "old", nothing.
  void expect_all(ConsumerProbe& probe, std::string const& word, std::size_t count) {
    EXPECT_TRUE(until(
        [&] {
          probe.poll();
          probe.acknowledge_all();
          return count_of(probe, word) == count;
        },
        seconds{20}))
        << count_of(probe, word) << " of " << count << "\n"
        << log();
    EXPECT_EQ(count_of(probe, "old "), 0U);
    EXPECT_EQ(probe.breaches(), Values{});
  }
};

TEST_F(LateGroups, get_what_was_published_while_they_were_away_and_had_read_nothing) {
  create("unread", 3);
  publish("unread", "old ", 30);
  come_and_go({"unread"}, 3);
  publish("unread", "new ", 30);
  expect_all(*reader({"unread"}), "new ", 30);
}

TEST_F(LateGroups, get_what_was_published_to_partitions_that_they_had_not_read) {
  create("half-read", 3);
  publish("half-read", "old ", 30);
  auto first = reader({"half-read"});
  ASSERT_TRUE(owns(*first, 3));
  publish("half-read", "one ", 1);
  expect_all(*first, "one ", 1);
  first->crash();
  publish("half-read", "new ", 30);
  expect_all(*reader({"half-read"}), "new ", 30);
}

/// It is stored before anything is told of a partition.
TEST_F(LateGroups, get_what_was_published_behind_a_member_that_crashed_at_once) {
  create("crashed", 3);
  publish("crashed", "old ", 30);
  auto first = reader({"crashed"});
  ASSERT_TRUE(owns(*first, 3));
  first->crash();
  publish("crashed", "new ", 30);
  expect_all(*reader({"crashed"}), "new ", 30);
}

TEST_F(LateGroups, of_several_members_get_what_was_published_when_all_are_gone) {
  create("shared", 4);
  publish("shared", "old ", 40);
  auto one = reader({"shared"});
  auto other = reader({"shared"});
  ASSERT_TRUE(until([&] {
    one->poll();
    other->poll();
    return one->owned().size() == 2 && other->owned().size() == 2;
  }));
  one->crash();
  other->crash();
  publish("shared", "new ", 40);
  expect_all(*reader({"shared"}), "new ", 40);
}

TEST_F(LateGroups, read_partitions_that_were_added_while_they_were_away_from_their_beginning) {
  create("grown-away", 1);
  publish("grown-away", "old ", 5);
  come_and_go({"grown-away"}, 1);
  admin().add_partitions("grown-away", 4);
  publish("grown-away", "new ", 40);
  expect_all(*reader({"grown-away"}), "new ", 40);
}

TEST_F(LateGroups, read_partitions_that_are_added_from_their_beginning) {
  create("grown", 1);
  publish("grown", "old ", 5);
  auto const probe = reader({"grown"});
  ASSERT_TRUE(owns(*probe, 1));
  admin().add_partitions("grown", 4);
  publish("grown", "new ", 40);
  expect_all(*probe, "new ", 40);
}

TEST_F(LateGroups, read_a_topic_that_was_made_again_while_they_were_away_from_its_beginning) {
  create("gone", 2);
  create("kept", 2);
  publish("gone", "old ", 20);
  publish("kept", "old ", 20);
  come_and_go({"gone", "kept"}, 4);
  delete_topic(world().server.servers(), "gone");
  create("gone", 2);
  publish("gone", "new ", 20);
  expect_all(*reader({"gone", "kept"}), "new ", 20);
}

/// Of the only topic that the group has, the coordinator forgets all: the process does not.
TEST_F(LateGroups, read_a_topic_that_was_made_again_between_two_readers_of_a_process) {
  create("only", 2);
  publish("only", "old ", 20);
  come_and_go({"only"}, 2);
  delete_topic(world().server.servers(), "only");
  create("only", 2);
  publish("only", "new ", 20);
  expect_all(*reader(*broker_, {"only"}), "new ", 20);
}

/// It has no record when they find it; its end is stored nevertheless.
TEST_F(LateGroups, that_saw_a_topic_made_again_were_there_before_its_records) {
  create("seen-anew", 1);
  publish("seen-anew", "old ", 20);
  auto first = reader({"seen-anew"});
  ASSERT_TRUE(owns(*first, 1));
  ASSERT_TRUE(until([&] {
    first->poll();
    return admin().stored("seen-anew") == 20;
  }));
  delete_topic(world().server.servers(), "seen-anew");
  create("seen-anew", 1);
  ASSERT_TRUE(until([&] {
    first->poll();
    return admin().stored("seen-anew") == 0;
  })) << log();
  first->crash();
  publish("seen-anew", "new ", 20);
  expect_all(*reader({"seen-anew"}), "new ", 20);
}

TEST_F(LateGroups, read_a_topic_that_they_made_from_its_beginning) {
  auto first = reader({"made-by-readers"});
  publish("made-by-readers", "new ", 20);
  expect_all(*first, "new ", 20);
}

/// A channel that a new release reads as well: the group is new there.
TEST_F(LateGroups, begin_behind_what_there_is_of_a_channel_that_is_new_to_them) {
  create("first-channel", 2);
  create("second-channel", 2);
  publish("second-channel", "old ", 20);
  come_and_go({"first-channel"}, 2);
  publish("first-channel", "new ", 20);
  auto const probe = reader({"first-channel", "second-channel"});
  ASSERT_TRUE(owns(*probe, 4));
  publish("second-channel", "new too ", 20);
  expect_all(*probe, "new ", 40);
}

/// As while a new release replaces the old one member by member.
TEST_F(LateGroups, begin_behind_what_there_is_of_a_new_channel_beside_members_without_it) {
  create("old-release", 2);
  create("new-release", 2);
  publish("new-release", "old ", 20);
  auto old_release = reader({"old-release"});
  ASSERT_TRUE(owns(*old_release, 2));
  auto new_release = reader({"old-release", "new-release"});
  ASSERT_TRUE(until([&] {
    old_release->poll();
    new_release->poll();
    return new_release->owned().size() == 3;
  })) << log();
  new_release->crash();
  publish("new-release", "new ", 20);
  old_release->crash();
  expect_all(*reader({"old-release", "new-release"}), "new ", 20);
}

/// A Java member stores what it has handled, and notes nothing.
TEST_F(LateGroups, go_on_where_a_member_of_another_kind_left) {
  create("java", 1);
  publish("java", "old ", 10);
  publish("java", "new ", 10);
  ASSERT_EQ(admin().reset("java", 10), RD_KAFKA_RESP_ERR_NO_ERROR);
  expect_all(*reader({"java"}), "new ", 10);
}

/// Whose brokers keep no note as long as theirs.
TEST_F(LateGroups, get_what_was_published_while_they_were_away_without_notes) {
  KafkaServer const server{[](int, std::string const&) {
    return std::vector<std::string>{"offset.metadata.max.bytes=32"};
  }};
  auto own = kafka_config(server);
  connect(own);
  create("no-notes", 3);
  auto const first = reader(*broker_, {"no-notes"});
  ASSERT_TRUE(owns(*first, 3)) << log();
  first->consumer()->close(seconds{5});
  connect(own);
  testkit::ProducerProbe producer{broker_->producer(), clock_, seconds{20}};
  for (int i = 0; i < 30; ++i)
    (void)producer.submit({"no-notes", "key-" + std::to_string(i), "new " + std::to_string(i)});
  ASSERT_TRUE(producer.settle());
  expect_all(*reader(*broker_, {"no-notes"}), "new ", 30);
}

/// The position of the second reader comes when the first one has been at work and is gone.
TEST_F(LateGroups, lose_nothing_when_two_begin_at_once_and_one_of_them_is_slow) {
  create("slow", 1);
  publish("slow", "old ", 10);
  world().proxy->hold_stores("slow");
  auto patient = config();
  patient.request_timeout = seconds{60};
  auto const slow = kafka::connect(patient, clock_);
  auto starting = std::async(std::launch::async, [&] { return reader(*slow, {"slow"}); });
  ASSERT_TRUE(until([&] { return world().proxy->stores_held() > 0; }));
  auto direct = config();
  direct.servers = world().server.servers();
  connect(direct);
  auto first = reader(*broker_, {"slow"});
  ASSERT_TRUE(owns(*first, 1));
  publish("slow", "new ", 10);
  expect_all(*first, "new ", 10);
  first->consumer()->close(seconds{5});
  ASSERT_EQ(admin().stored("slow"), 20);
  publish("slow", "later ", 10);
  world().proxy->release_stores();
  auto const late = starting.get();
  expect_all(*late, "later ", 10);
}

}  // namespace
}  // namespace tram::testing
