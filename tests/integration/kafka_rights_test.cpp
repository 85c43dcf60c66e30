// What a service does when somebody takes a right at Kafka from it while it runs, and gives it
// back.

#include <gtest/gtest.h>

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

/// A service that sends to itself: its relay writes as alice, and its subscription reads as alice.
class RightsTaken : public ::testing::Test {
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
    channel_ = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    world_.broker = kafka::connect(as_alice(), world_.clock, world_.logger());
    auto const all = std::vector{reading(channel_), writing(channel_), joining(group())};
    kafka::connect({.servers = kafka_server().open()}, world_.clock)
        ->create_channels(std::array{channel_}, 1,
                          Deadline::after(world_.clock, std::chrono::seconds{20}));
    allow(all);
    service_.emplace(world_.parts(), ServiceWorld::options());
    service_->add(world_.noting(group(), channel_));
    service_->relay(world_.relay());
    running_.emplace(*service_);
    expect_ready();
    send(0, 5);
    expect_handled(5);
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
  /// With these words.
  void expect_not_ready(std::string const& words) {
    auto const answer = world_.answer_with(*service_, "/health/ready", words);
    EXPECT_NE(answer.find(words), std::string::npos) << answer << log();
    EXPECT_NE(answer.find(" 503 "), std::string::npos) << answer;
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
  void expect_recovery_from(std::vector<Right> const& taken, std::string const& words) {
    forbid(taken);
    send(5, 10);
    expect_not_ready(words);
    allow(taken);
    expect_handled(10);
    expect_ready();
    EXPECT_EQ(running_->stop(), 0);
  }

  std::string channel_;
  ServiceWorld world_;
  std::optional<Service> service_;
  std::optional<Running> running_;
};

TEST_F(RightsTaken, to_read_a_channel) {
  expect_recovery_from({reading(channel_)}, "grant this client");
}

TEST_F(RightsTaken, to_join_a_group) {
  expect_recovery_from({joining(group())}, "grant this client Read on the group");
}

TEST_F(RightsTaken, to_write_a_channel) {
  expect_recovery_from({writing(channel_)}, "grant this client");
}

TEST_F(RightsTaken, to_everything) {
  expect_recovery_from({reading(channel_), writing(channel_), joining(group())},
                       "grant this client");
}

/// Nothing comes that could show it.
TEST_F(RightsTaken, to_read_a_quiet_channel) {
  forbid({reading(channel_)});
  expect_not_ready("grant this client");
  allow({reading(channel_)});
  expect_ready();
  send(5, 10);
  expect_handled(10);
}

TEST_F(RightsTaken, to_join_the_group_of_a_quiet_channel) {
  forbid({joining(group())});
  expect_not_ready("grant this client Read on the group");
  allow({joining(group())});
  expect_ready();
  send(5, 10);
  expect_handled(10);
}

}  // namespace
}  // namespace tram::testing
