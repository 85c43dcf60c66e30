#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "cdc_process.hpp"
#include "kafka_harness.hpp"
#include "kafka_topics.hpp"
#include "postgres_server.hpp"

namespace tram::testing {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

/// `tram-cdc` between a real PostgreSQL and a real Kafka, with nothing but the environment of the
/// Java CDC service.
class CdcOnKafka : public ::testing::Test {
 protected:
  Texts environment() {
    return {"SPRING_DATASOURCE_URL=jdbc:postgresql://127.0.0.1:" +
                std::to_string(postgres_.port()) + "/postgres",
            "SPRING_DATASOURCE_USERNAME=postgres",
            "SPRING_DATASOURCE_PASSWORD=any",
            "SPRING_DATASOURCE_DRIVER_CLASS_NAME=org.postgresql.Driver",
            "SPRING_PROFILES_ACTIVE=PostgresWal",
            "EVENTUATELOCAL_KAFKA_BOOTSTRAP_SERVERS=" + kafka_.servers(),
            "EVENTUATELOCAL_ZOOKEEPER_CONNECTION_STRING=zookeeper:2181",
            "EVENTUATELOCAL_CDC_READER_NAME=PostgresWalReader",
            "EVENTUATE_OUTBOX_ID=1"};
  }
  void insert(int id) const {
    auto const text = std::to_string(id);
    postgres_.sql("INSERT INTO eventuate.message (id, destination, headers, payload) VALUES ('" +
                  text + "', 'orders', '{\"ID\":\"" + text + "\",\"PARTITION_ID\":\"k\"}', '" +
                  text + "')");
  }
  /// Ids in the order of their first records, until `count` are there.
  Texts first_ids(std::size_t count) {
    auto const broker = kafka::connect(kafka_config(kafka_), clock_);
    auto const consumer = broker->subscribe({.group = "test"}, Texts{"orders"});
    Texts ids;
    EXPECT_TRUE(eventually([&] {
      for (auto const& event : consumer->poll()) {
        auto const* const delivery = std::get_if<Delivery>(&event);
        if (delivery == nullptr) continue;
        auto const id = delivery->value.substr(12, delivery->value.find('"', 12) - 12);
        if (std::ranges::find(ids, id) == ids.end()) ids.push_back(id);
      }
      return ids.size() >= count;
    }));
    return ids;
  }

  SystemClock clock_;
  PostgresServer postgres_;
  KafkaServer kafka_;
};

TEST_F(CdcOnKafka, does_the_java_services_work_in_its_environment) {
  CdcProcess cdc{{"--drain-timeout", "60s"}, environment()};
  ASSERT_TRUE(eventually([&] { return cdc.ready(); })) << cdc.log();
  EXPECT_TRUE(cdc.logged("EVENTUATELOCAL_ZOOKEEPER_CONNECTION_STRING is not needed"));
  Texts wanted;
  for (int i = 1; i <= 20; ++i) {
    insert(i);
    wanted.push_back(std::to_string(i));
  }
  EXPECT_TRUE(eventually([&] { return cdc.has_metric("eventuate_cdc_events_sent_total 20"); }))
      << cdc.log();
  EXPECT_TRUE(eventually([&] { return cdc.answers("/readers/postgreswalreader/finished", 200); }));
  EXPECT_EQ(first_ids(20), wanted);
  // As the Java service without a cleaner, it removes nothing.
  EXPECT_EQ(postgres_.sql("SELECT count(*) FROM eventuate.message"), "20");

  // What is in flight is awaited at a stop, but not against the operator's will.
  kafka_.freeze();
  insert(21);
  EXPECT_TRUE(eventually([&] {
    return cdc.has_metric("tram_relay_in_flight{relay=\"PostgresWalReader\"} 1");
  })) << cdc.log();
  EXPECT_TRUE(cdc.answers("/readers/postgreswalreader/finished", 503));
  cdc.signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return cdc.logged("event=process.stopping"); }));
  cdc.signal(SIGINT);
  EXPECT_EQ(cdc.wait(), 130) << cdc.log();
  kafka_.thaw();

  CdcProcess again{{}, environment()};
  wanted.emplace_back("21");
  EXPECT_EQ(first_ids(21), wanted) << again.log();
  auto check = environment();
  auto const result = run_cdc({"--check"}, check);
  EXPECT_EQ(result.status, 0) << result.output;
  EXPECT_NE(result.output.find("read by another process"), std::string::npos) << result.output;
  again.signal(SIGTERM);
  EXPECT_EQ(again.wait(), 0) << again.log();
}

TEST_F(CdcOnKafka, makes_a_topic_again_that_somebody_deleted) {
  CdcProcess cdc{{}, environment()};
  ASSERT_TRUE(eventually([&] { return cdc.ready(); })) << cdc.log();
  insert(1);
  EXPECT_EQ(first_ids(1), Texts{"1"}) << cdc.log();
  delete_topic(kafka_.servers(), "orders");
  Texts wanted;
  for (int i = 2; i <= 20; ++i) {
    insert(i);
    wanted.push_back(std::to_string(i));
  }
  ASSERT_TRUE(eventually([&] { return cdc.logged("event=relay.channel_gone"); })) << cdc.log();
  EXPECT_EQ(first_ids(19), wanted) << cdc.log();
  EXPECT_EQ(postgres_.sql("SELECT count(*) FROM eventuate.tram_relay_held"), "0");
  EXPECT_TRUE(eventually([&] { return cdc.ready(); })) << cdc.log();
}

/// In the names of Kafka's metrics '.' and '_' are one.
TEST_F(CdcOnKafka, stores_the_true_reason_where_the_name_of_a_topic_collides_with_another_one) {
  CdcProcess cdc{{}, environment()};
  ASSERT_TRUE(eventually([&] { return cdc.ready(); })) << cdc.log();
  auto const insert_for = [&](std::string const& name) {
    postgres_.sql("INSERT INTO eventuate.message (id, destination, headers, payload) VALUES ('" +
                  name + "', '" + name + "', '{\"ID\":\"1\",\"PARTITION_ID\":\"k\"}', 'p')");
  };
  // Kafka makes both where one request asks for both.
  insert_for("a.b");
  ASSERT_TRUE(eventually([&] { return cdc.has_metric("eventuate_cdc_events_sent_total 1"); }))
      << cdc.log();
  insert_for("a_b");
  ASSERT_TRUE(eventually([&] {
    return postgres_.sql("SELECT count(*) FROM eventuate.tram_relay_held") == "1";
  })) << cdc.log();
  auto const reason = postgres_.sql("SELECT reason FROM eventuate.tram_relay_held");
  EXPECT_NE(reason.find("collides"), std::string::npos) << reason;
  EXPECT_NE(reason.find("a.b"), std::string::npos) << reason;
}

TEST_F(CdcOnKafka, says_that_the_broker_is_away) {
  kafka_.kill();
  auto const result = run_cdc({"--check"}, environment());
  EXPECT_EQ(result.status, 1);
  for (auto const& part : {std::string{"WRONG  broker: "}, kafka_.servers(),
                           std::string{"is the broker running, and are host, port"}}) {
    EXPECT_NE(result.output.find(part), std::string::npos) << result.output;
  }
  CdcProcess cdc{{"--log-level", "debug"}, environment()};
  ASSERT_TRUE(eventually([&] { return cdc.get("/health/live") != ""; })) << cdc.log();
  ASSERT_TRUE(eventually([&] {
    return postgres_.sql("SELECT count(*) FROM pg_replication_slots WHERE active") == "1";
  })) << cdc.log();
  // Though there is nothing to publish. The server shows the slot as active before the relay hears
  // that it is: until then the reason is the database.
  EXPECT_FALSE(cdc.ready()) << cdc.log();
  EXPECT_TRUE(eventually([&] { return cdc.not_ready_since("broker: "); })) << cdc.log();
  insert(1);
  EXPECT_TRUE(eventually([&] { return cdc.logged("event=relay.trouble"); })) << cdc.log();
  EXPECT_TRUE(cdc.not_ready_since("broker: ")) << cdc.log();
  EXPECT_FALSE(cdc.logged("event=relay.recovered")) << cdc.log();
  EXPECT_NE(cdc.get("/actuator/health").find("\"kafkaHealthCheck\":{\"status\":\"DOWN\""),
            std::string::npos);
  kafka_.start();
  EXPECT_EQ(first_ids(1), Texts{"1"}) << cdc.log();
  EXPECT_TRUE(eventually([&] { return cdc.ready(); })) << cdc.log();
  cdc.signal(SIGTERM);
  EXPECT_EQ(cdc.wait(), 0) << cdc.log();
}

TEST_F(CdcOnKafka, notices_that_the_broker_is_away_while_there_is_nothing_to_publish) {
  CdcProcess cdc{{}, environment()};
  ASSERT_TRUE(eventually([&] { return cdc.ready(); })) << cdc.log();
  EXPECT_TRUE(eventually([&] { return cdc.answers("/actuator/health", 200); }));
  EXPECT_NE(cdc.get("/actuator/health").find("Connected to Kafka"), std::string::npos);
  kafka_.freeze();
  EXPECT_TRUE(eventually([&] {
    auto const health = cdc.get("/actuator/health");
    return health.starts_with("HTTP/1.1 503") &&
           health.find("\"kafkaHealthCheck\":{\"status\":\"DOWN\"") != std::string::npos;
  })) << cdc.get("/actuator/health");
  EXPECT_TRUE(eventually([&] { return cdc.not_ready_since("broker: "); })) << cdc.log();
  kafka_.thaw();
  EXPECT_TRUE(eventually([&] { return cdc.ready(); })) << cdc.log();
  EXPECT_TRUE(eventually([&] { return cdc.answers("/actuator/health", 200); }))
      << cdc.get("/actuator/health");
  cdc.signal(SIGTERM);
  EXPECT_EQ(cdc.wait(), 0) << cdc.log();
}

}  // namespace
}  // namespace tram::testing
