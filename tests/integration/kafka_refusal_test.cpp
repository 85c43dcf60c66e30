// Requests that a broker refuses for a moment, with a second one of the partition already on its
// way: what the second one's success says about the first is not evidence.

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kafka_harness.hpp"
#include "kafka_publisher.hpp"
#include "kafka_test.hpp"
#include "kafka_topics.hpp"
#include "proxied_kafka.hpp"
#include "tram/wire/murmur2.hpp"

namespace tram::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testkit::ConsumerProbe;
using testkit::OwnedRecord;

constexpr int keys{30};
constexpr int partitions{3};

class RefusedRequests : public KafkaTest {
 protected:
  RefusedRequests() : KafkaTest{config_through_proxy()} {}
  static ProxiedKafka& world() {
    static ProxiedKafka one;
    return one;
  }
  static RefusingKafka& proxy() { return *world().proxy; }

  static kafka::Config config_through_proxy() {
    auto config = kafka_config(world().server);
    config.servers = world().servers();
    return config;
  }
  /// The first of every `keys` records go to different partitions.
  static std::vector<OwnedRecord> numbered(std::string const& channel, int first, int count) {
    static auto const names = spread_keys();
    std::vector<OwnedRecord> records;
    for (int i = first; i < first + count; ++i) {
      records.push_back({channel, names[static_cast<std::size_t>(i % keys)], std::to_string(i)});
    }
    return records;
  }
  static std::vector<std::string> spread_keys() {
    std::vector<std::string> names;
    for (int i = 0; names.size() < keys; ++i) {
      auto name = "key-" + std::to_string(i);
      auto const wanted = static_cast<std::int32_t>(names.size()) % partitions;
      if (kafka_partition(name, partitions) == wanted) names.push_back(std::move(name));
    }
    return names;
  }
  /// Asks for refusals with one record for each partition on its way, and lets the others follow
  /// before the refusals are told.
  void refuse_while_more_come(Publisher& publisher, std::string const& channel, int error) {
    publisher.submit_only(publisher.completed() + partitions);
    proxy().refuse_next_of_each_partition(channel, error);
    EXPECT_TRUE(until([&] {
      publisher.step();
      return proxy().refused(channel) == partitions;
    }));
    publisher.submit_all();
  }
  bool publish(Publisher& publisher) {
    return until([&] {
      publisher.step();
      return publisher.done();
    });
  }
  /// Every record is there, and of each key the first occurrences are in order.
  void expect_all(std::string const& channel, std::size_t count) {
    expect_in_order(expect_there(channel, count));
  }
  std::map<std::string, std::vector<std::string>> expect_there(std::string const& channel,
                                                               std::size_t count) {
    ConsumerProbe probe{broker_->subscribe(
        {.kind = ConsumerMode::Kind::group, .group = channel + "-readers"}, std::array{channel})};
    std::set<std::string> seen;
    EXPECT_TRUE(until([&] {
      probe.poll();
      for (auto const& each : probe.values()) seen.insert(each);
      return seen.size() >= count;
    })) << seen.size()
        << " of " << count << " records are there";
    std::map<std::string, std::vector<std::string>> by_key;
    for (auto const& key : spread_keys()) by_key[key] = probe.values_of(key);
    return by_key;
  }
  static void expect_in_order(std::map<std::string, std::vector<std::string>> const& by_key) {
    for (auto const& [key, values] : by_key) {
      int highest = -1;
      std::set<int> known;
      for (auto const& value : values) {
        int const number = std::stoi(value);
        if (!known.insert(number).second) continue;
        EXPECT_GT(number, highest) << "key " << key;
        highest = number;
      }
    }
  }

  int overtaken_before_{proxy().overtaken()};
};

class FirstRequests : public RefusedRequests, public ::testing::WithParamInterface<int> {};

TEST_P(FirstRequests, refused_on_a_new_topic_lose_nothing) {
  auto const channel = "new-topic-" + std::to_string(GetParam());
  create(channel, partitions);
  Publisher publisher{*broker_, numbered(channel, 0, 3'000)};
  refuse_while_more_come(publisher, channel, GetParam());
  ASSERT_TRUE(publish(publisher));
  EXPECT_TRUE(publisher.refused().empty());
  EXPECT_EQ(publisher.producers(), 1U);
  EXPECT_EQ(proxy().overtaken(), overtaken_before_);
  expect_all(channel, 3'000);
}

TEST_P(FirstRequests, refused_to_a_new_producer_of_an_old_topic_lose_nothing) {
  auto const channel = "new-producer-" + std::to_string(GetParam());
  create(channel, partitions);
  Publisher before{*broker_, numbered(channel, 0, 3'000)};
  ASSERT_TRUE(publish(before));
  Publisher publisher{*broker_, numbered(channel, 3'000, 3'000)};
  refuse_while_more_come(publisher, channel, GetParam());
  ASSERT_TRUE(publish(publisher));
  EXPECT_EQ(publisher.producers(), 1U);
  EXPECT_EQ(proxy().overtaken(), overtaken_before_);
  expect_all(channel, 6'000);
}

/// The leader knows the producer by then, and refuses what would leave a gap.
TEST_P(FirstRequests, after_a_change_of_the_leader_lose_nothing) {
  auto const channel = "new-leader-" + std::to_string(GetParam());
  create(channel, partitions);
  Publisher publisher{*broker_, numbered(channel, 0, 9'000)};
  publisher.submit_only(3'000);
  ASSERT_TRUE(until([&] {
    publisher.step();
    return publisher.completed() == 3'000;
  }));
  refuse_while_more_come(publisher, channel, GetParam());
  ASSERT_TRUE(publish(publisher));
  expect_all(channel, 9'000);
}

INSTANTIATE_TEST_SUITE_P(Errors, FirstRequests,
                         ::testing::Values(RefusingKafka::unknown_topic, RefusingKafka::no_leader,
                                           RefusingKafka::not_leader));

/// The topic is another one under the old name: its leader has never heard of the producer.
TEST_F(RefusedRequests, lose_nothing_on_a_topic_that_was_made_anew_between_two_bursts) {
  std::string const channel = "anew";
  create(channel, partitions);
  Publisher publisher{*broker_, numbered(channel, 0, 6'000)};
  publisher.submit_only(3'000);
  ASSERT_TRUE(until([&] {
    publisher.step();
    return publisher.completed() == 3'000;
  }));
  delete_topic(world().server.servers(), channel);
  create(channel, partitions);
  auto const idle_until = Deadline::after(clock_, milliseconds{1'200});
  ASSERT_TRUE(until([&] { return idle_until.reached(clock_); }));
  refuse_while_more_come(publisher, channel, RefusingKafka::not_leader);
  ASSERT_TRUE(publish(publisher));
  expect_all(channel, 3'000);
}

/// The same at once, which nothing can tell the producer: what landed out of order stays so, and
/// nothing is taken for published because of it.
TEST_F(RefusedRequests, are_not_taken_for_published_because_later_ones_were) {
  std::string const channel = "implied";
  create(channel, partitions);
  ManualClock stands_still;
  auto const broker = kafka::connect(config_through_proxy(), stands_still);
  Publisher publisher{*broker, numbered(channel, 0, 6'000)};
  publisher.submit_only(3'000);
  ASSERT_TRUE(until([&] {
    publisher.step();
    return publisher.completed() == 3'000;
  }));
  delete_topic(world().server.servers(), channel);
  create(channel, partitions);
  refuse_while_more_come(publisher, channel, RefusingKafka::not_leader);
  ASSERT_TRUE(publish(publisher));
  EXPECT_GT(proxy().overtaken(), overtaken_before_);
  ASSERT_FALSE(publisher.troubles().empty());
  EXPECT_NE(publisher.troubles().front().find("no broker acknowledged"), std::string::npos)
      << publisher.troubles().front();
  expect_there(channel, 3'000);
}

}  // namespace
}  // namespace tram::testing
