// What a service does when somebody takes a right at Kafka from it while it runs, and gives it
// back.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../service/service_world.hpp"
#include "kafka_harness.hpp"
#include "secure_kafka.hpp"

namespace tram::testing {
namespace {

SecureKafka const& kafka_server() {
  static SecureKafka const one;
  return one;
}

struct Right {
  rd_kafka_ResourceType_t type;
  std::string name;
  rd_kafka_AclOperation_t operation;
};

std::string const about_topics{
    "grant user 'alice' Write on the topic to publish, Read to subscribe"};
std::string const about_groups{"grant user 'alice' Read on the group"};
std::string const about_publishing{"grant user 'alice' Write on its topics"};

/// A service that sends to itself: its relay writes as alice, and its subscription reads as alice.
class Rights : public ::testing::Test {
 protected:
  static kafka::Config as_alice() {
    return {.servers = kafka_server().with_password(),
            .session_timeout = std::chrono::milliseconds{6'000},
            .request_timeout = std::chrono::milliseconds{3'000},
            .properties = {{"security.protocol", "sasl_plaintext"},
                           {"sasl.mechanism", "PLAIN"},
                           {"sasl.username", "alice"},
                           {"sasl.password", "right"}}};
  }
  static void allow(std::vector<Right> const& rights) {
    for (auto const& [type, name, operation] : rights) kafka_server().allow(type, name, operation);
  }
  static void forbid(std::vector<Right> const& rights) {
    for (auto const& [type, name, operation] : rights) kafka_server().forbid(type, name, operation);
  }
  static void deny(Right const& right) {
    kafka_server().allow(right.type, right.name, right.operation,
                         RD_KAFKA_ACL_PERMISSION_TYPE_DENY);
  }
  static void deny_no_longer(Right const& right) {
    kafka_server().forbid(right.type, right.name, right.operation,
                          RD_KAFKA_ACL_PERMISSION_TYPE_DENY);
  }
  static Right reading(std::string const& channel) {
    return {RD_KAFKA_RESOURCE_TOPIC, channel, RD_KAFKA_ACL_OPERATION_READ};
  }
  static Right writing(std::string const& channel) {
    return {RD_KAFKA_RESOURCE_TOPIC, channel, RD_KAFKA_ACL_OPERATION_WRITE};
  }
  static Right joining(std::string const& group) {
    return {RD_KAFKA_RESOURCE_GROUP, group, RD_KAFKA_ACL_OPERATION_READ};
  }

  void SetUp() override {
    auto const& test = *::testing::UnitTest::GetInstance()->current_test_info();
    channel_ = std::string{test.test_suite_name()} + "." + test.name();
    std::ranges::replace(channel_, '/', '-');
    world_.broker = kafka::connect(as_alice(), world_.clock, world_.logger());
    kafka::connect({.servers = kafka_server().open()}, world_.clock)
        ->create_channels(std::array{channel_}, 1,
                          Deadline::after(world_.clock, std::chrono::seconds{20}));
  }
  /// A right on another topic would let her publish at all.
  void TearDown() override { forbid(all()); }
  [[nodiscard]] std::vector<Right> all() const {
    return {reading(channel_), writing(channel_), joining(group())};
  }
  void start() {
    service_.emplace(world_.parts(), ServiceWorld::options());
    service_->add(world_.noting(group(), channel_));
    service_->relay_outbox();
    running_.emplace(*service_);
  }
  [[nodiscard]] std::string group() const { return channel_ + "-readers"; }
  void send(int first, int end) {
    for (int i = first; i < end; ++i) {
      Message message{.headers = {}, .payload = "number " + std::to_string(i)};
      // One key, so that their order is promised.
      message.headers.set("PARTITION_ID", "one");
      world_.database.transact(
          [&](Transaction& tx) { service_->outbox().send(tx, channel_, std::move(message)); });
    }
  }
  void expect_ready() {
    auto const answer = world_.answer_with(*service_, "/health/ready", " 200 ");
    EXPECT_NE(answer.find(" 200 "), std::string::npos) << answer << log();
  }
  /// With these words, and those on which the right is missing.
  void expect_not_ready(std::string const& words) {
    auto const answer = world_.answer_with(*service_, "/health/ready", words);
    EXPECT_NE(answer.find(words), std::string::npos) << answer << log();
    EXPECT_NE(answer.find(" 503 "), std::string::npos) << answer;
    EXPECT_NE(answer.find(channel_), std::string::npos) << answer;
  }
  /// The messages from 0 on, each once and in order.
  void expect_handled(int count) {
    auto const last = group() + " number " + std::to_string(count - 1);
    EXPECT_TRUE(world_.happenings.wait_for(last)) << log();
    std::vector<std::string> wanted;
    for (int i = 0; i < count; ++i) wanted.push_back(group() + " number " + std::to_string(i));
    EXPECT_EQ(world_.happenings.all(), wanted);
  }
  std::string log() {
    std::string all;
    for (auto const& line : world_.log.all())
      if (line.find("level=debug") == std::string::npos) all += line + "\n";
    return all;
  }
  std::string channel_;
  ServiceWorld world_;
  std::optional<Service> service_;
  std::optional<Running> running_;
};

// --- taken while it runs

class RightsTaken : public Rights {
 protected:
  void SetUp() override {
    Rights::SetUp();
    allow(all());
    start();
    expect_ready();
    send(0, 5);
    expect_handled(5);
  }
  void expect_recovery_from(std::vector<Right> const& taken, std::string const& words) {
    forbid(taken);
    send(5, 10);
    expect_not_ready(words);
    allow(taken);
    expect_handled(10);
    expect_ready();
    EXPECT_EQ(running_->stop(), 0);
  }
};

TEST_F(RightsTaken, to_read_a_channel) { expect_recovery_from({reading(channel_)}, about_topics); }

TEST_F(RightsTaken, to_join_a_group) { expect_recovery_from({joining(group())}, about_groups); }

TEST_F(RightsTaken, to_write_a_channel) { expect_recovery_from({writing(channel_)}, about_topics); }

TEST_F(RightsTaken, to_everything) { expect_recovery_from(all(), about_topics); }

/// Nothing comes that could show it.
TEST_F(RightsTaken, to_read_a_quiet_channel) {
  forbid({reading(channel_)});
  expect_not_ready(about_topics);
  allow({reading(channel_)});
  expect_ready();
  send(5, 10);
  expect_handled(10);
}

TEST_F(RightsTaken, to_join_the_group_of_a_quiet_channel) {
  forbid({joining(group())});
  expect_not_ready(about_groups);
  allow({joining(group())});
  expect_ready();
  send(5, 10);
  expect_handled(10);
}

/// Its rows are held, and no further row comes that could be refused.
TEST_F(RightsTaken, to_write_a_channel_before_the_relay_is_started_again) {
  forbid({writing(channel_)});
  send(5, 10);
  expect_not_ready(about_topics);
  EXPECT_EQ(running_->stop(), 0);
  running_.reset();
  start();
  // Brokers give no id to a producer that may write nowhere.
  expect_not_ready(about_publishing);
  allow({writing(channel_)});
  expect_handled(10);
  expect_ready();
}

TEST_F(RightsTaken, to_write_a_channel_and_given_back_while_no_relay_runs) {
  forbid({writing(channel_)});
  send(5, 10);
  expect_not_ready(about_topics);
  EXPECT_EQ(running_->stop(), 0);
  running_.reset();
  allow({writing(channel_)});
  start();
  expect_handled(10);
  expect_ready();
}

// --- denied, though allowed as well

struct Denial {
  std::string name;
  rd_kafka_ResourceType_t type;
  rd_kafka_AclOperation_t operation;
  std::string words;
};

class RightsDenied : public RightsTaken, public ::testing::WithParamInterface<Denial> {};

TEST_P(RightsDenied, are_told_and_recovered_from) {
  auto const& [name, type, operation, words] = GetParam();
  Right const denied{type, type == RD_KAFKA_RESOURCE_GROUP ? group() : channel_, operation};
  deny(denied);
  send(5, 10);
  expect_not_ready(words);
  deny_no_longer(denied);
  expect_handled(10);
  expect_ready();
  EXPECT_EQ(running_->stop(), 0);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, RightsDenied,
    ::testing::Values(
        Denial{"read", RD_KAFKA_RESOURCE_TOPIC, RD_KAFKA_ACL_OPERATION_READ, about_topics},
        Denial{"write", RD_KAFKA_RESOURCE_TOPIC, RD_KAFKA_ACL_OPERATION_WRITE, about_topics},
        Denial{"describe", RD_KAFKA_RESOURCE_TOPIC, RD_KAFKA_ACL_OPERATION_DESCRIBE, about_topics},
        Denial{"everything", RD_KAFKA_RESOURCE_TOPIC, RD_KAFKA_ACL_OPERATION_ALL, about_topics},
        Denial{"join", RD_KAFKA_RESOURCE_GROUP, RD_KAFKA_ACL_OPERATION_READ, about_groups},
        Denial{"describe_group", RD_KAFKA_RESOURCE_GROUP, RD_KAFKA_ACL_OPERATION_DESCRIBE,
               about_groups},
        Denial{"group", RD_KAFKA_RESOURCE_GROUP, RD_KAFKA_ACL_OPERATION_ALL, about_groups}),
    [](auto const& each) { return each.param.name; });

// --- missing from the start

class RightsMissing : public Rights {
 protected:
  void expect_recovery_from(std::vector<Right> const& missing, std::string const& words) {
    allow(all());
    forbid(missing);
    start();
    send(0, 5);
    expect_not_ready(words);
    allow(missing);
    expect_handled(5);
    expect_ready();
    EXPECT_EQ(running_->stop(), 0);
  }
};

TEST_F(RightsMissing, to_read_a_channel) {
  expect_recovery_from({reading(channel_)}, about_topics);
}

TEST_F(RightsMissing, to_join_a_group) { expect_recovery_from({joining(group())}, about_groups); }

TEST_F(RightsMissing, to_write_a_channel) {
  expect_recovery_from({writing(channel_)}, about_publishing);
}

TEST_F(RightsMissing, to_everything) { expect_recovery_from(all(), about_topics); }

}  // namespace
}  // namespace tram::testing
