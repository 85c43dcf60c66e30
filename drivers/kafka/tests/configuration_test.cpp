#include "configuration.hpp"

#include <gtest/gtest.h>

#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"

namespace tram::kafka {
namespace {

Config config_with(std::map<std::string, std::string> properties) {
  return {.servers = "127.0.0.1:1", .properties = std::move(properties)};
}

/// Why the configuration is refused; empty when it is not.
std::string refusal(Config const& config) {
  SystemClock clock;
  try {
    (void)connect(config, clock);
    return "";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    return error.what();
  }
}

TEST(KafkaConfiguration, takes_what_librdkafka_takes) {
  EXPECT_EQ(refusal(config_with({{"compression.type", "lz4"}, {"fetch.wait.max.ms", "10"}})), "");
}

TEST(KafkaConfiguration, names_a_property_that_there_is_not) {
  EXPECT_NE(refusal(config_with({{"colour", "red"}})).find("'colour'"), std::string::npos);
}

TEST(KafkaConfiguration, names_a_property_with_a_wrong_value) {
  EXPECT_NE(refusal(config_with({{"linger.ms", "soon"}})).find("'linger.ms'"), std::string::npos);
}

TEST(KafkaConfiguration, refuses_what_its_promises_stand_on) {
  for (auto const* const name : {"acks", "enable.idempotence", "partitioner", "message.timeout.ms",
                                 "enable.auto.commit", "group.id", "bootstrap.servers"}) {
    EXPECT_NE(refusal(config_with({{name, "1"}})).find(name), std::string::npos) << name;
  }
}

TEST(KafkaConfiguration, needs_servers_and_a_window) {
  EXPECT_NE(refusal(Config{}).find("Config::servers"), std::string::npos);
  EXPECT_NE(refusal({.servers = "127.0.0.1:1", .window = 0}).find("Config::window"),
            std::string::npos);
}

TEST(KafkaConfiguration, refuses_what_shows_only_when_a_client_is_made) {
  SystemClock clock;
  auto const broker =
      connect(config_with({{"security.protocol", "ssl"}, {"ssl.ca.location", "/nowhere"}}), clock);
  try {
    (void)broker->producer();
    FAIL() << "it was made";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_NE(std::string{error.what()}.find("ssl.ca.location"), std::string::npos) << error.what();
  }
}

TEST(KafkaConfiguration, prefers_the_users_properties) {
  auto const config = config_with({{"linger.ms", "3"}, {"heartbeat.interval.ms", "500"}});
  EXPECT_EQ(producer_properties(config, 1'000).at("linger.ms"), "3");
  EXPECT_EQ(consumer_properties(config, {}).at("heartbeat.interval.ms"), "500");
}

TEST(KafkaConfiguration, leaves_no_record_behind_by_default) {
  auto const properties = producer_properties(config_with({}), 1'000);
  EXPECT_EQ(properties.at("acks"), "all");
  EXPECT_EQ(properties.at("enable.idempotence"), "true");
  EXPECT_EQ(properties.at("message.timeout.ms"), "0");
  EXPECT_EQ(properties.at("batch.size"), "1000");
}

/// `Start::latest` is for a group that has read nothing: where records expired, the rest is read.
TEST(KafkaConfiguration, skips_no_record_of_a_group_whose_position_is_gone) {
  ConsumerMode mode{.kind = ConsumerMode::Kind::group, .group = "g"};
  auto const properties = consumer_properties(config_with({}), mode);
  EXPECT_EQ(properties.at("auto.offset.reset"), "earliest");
  EXPECT_EQ(properties.at("isolation.level"), "read_uncommitted");
  EXPECT_EQ(properties.at("group.id"), "g");
  mode.start = ConsumerMode::Start::latest;
  EXPECT_EQ(consumer_properties(config_with({}), mode).at("auto.offset.reset"), "earliest");
  mode.kind = ConsumerMode::Kind::broadcast;
  EXPECT_EQ(consumer_properties(config_with({}), mode).at("auto.offset.reset"), "earliest");
}

TEST(KafkaConfiguration, beats_three_times_within_a_short_session) {
  auto config = config_with({});
  config.session_timeout = std::chrono::milliseconds{6'000};
  EXPECT_EQ(consumer_properties(config, {}).at("heartbeat.interval.ms"), "2000");
}

TEST(KafkaConfiguration, takes_no_batch_size_above_what_was_learned) {
  Config config{.servers = "h:1", .properties = {{"batch.size", "5000000"}}};
  EXPECT_EQ(producer_properties(config, 1000).at("batch.size"), "1000");
  config.properties["batch.size"] = "500";
  EXPECT_EQ(producer_properties(config, 1000).at("batch.size"), "500");
}

TEST(KafkaConfiguration, knows_the_names_of_properties) {
  for (auto const* name : {"sasl.password", "sasl.mechanism", "ssl.ca.pem", "linger.ms", "acks"})
    EXPECT_TRUE(is_property(name)) << name;
  for (auto const* name : {"", "secret", "sasl.pasword"}) EXPECT_FALSE(is_property(name)) << name;
}

TEST(KafkaConfiguration, takes_servers_that_are_hosts_with_ports) {
  for (auto const* servers : {"h", "h:1,g:2", " h:1 , g:2,", "[::1]:9092", "SASL_SSL://h:1"})
    EXPECT_NO_THROW(check({.servers = servers})) << servers;
  for (auto const* servers : {"u:secret@h:1", "h:1,secret/x", "h:secret", "[::1", "x://secret"}) {
    try {
      check({.servers = servers});
      ADD_FAILURE() << servers;
    } catch (Error const& error) {
      EXPECT_EQ(std::string{error.what()}.find("secret"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace tram::kafka
