#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "kafka_harness.hpp"
#include "kafka_publisher.hpp"
#include "kafka_topics.hpp"
#include "secure_kafka.hpp"
#include "tram/testkit/broker_probe.hpp"

namespace tram::testing {
namespace {

using std::chrono::milliseconds;
using testkit::ConsumerProbe;
using testkit::OwnedRecord;
using testkit::ProducerProbe;

constexpr Duration patience{std::chrono::seconds{20}};

SecureKafka const& server() {
  static SecureKafka const one;
  return one;
}

/// Lets alice do one thing.
void allow(rd_kafka_ResourceType_t type, std::string const& name,
           rd_kafka_AclOperation_t operation) {
  server().allow(type, name, operation);
}

class KafkaSecurity : public ::testing::Test {
 protected:
  std::unique_ptr<Broker> broker(std::string const& servers,
                                 std::map<std::string, std::string> properties) {
    return kafka::connect({.servers = servers,
                           .session_timeout = milliseconds{6'000},
                           // A first TLS handshake takes a busy server seconds.
                           .request_timeout = milliseconds{15'000},
                           .properties = std::move(properties)},
                          clock_);
  }
  std::unique_ptr<Broker> open() { return broker(server().open(), {}); }
  std::unique_ptr<Broker> alice(std::string const& password = "right") {
    return broker(server().with_password(), {{"security.protocol", "sasl_plaintext"},
                                             {"sasl.mechanism", "PLAIN"},
                                             {"sasl.username", "alice"},
                                             {"sasl.password", password}});
  }
  void create(Broker& with, std::string const& channel) {
    with.create_channels(std::array{channel}, 1, Deadline::after(clock_, patience));
  }
  std::unique_ptr<ConsumerProbe> reader(Broker& from, std::string const& group,
                                        std::string const& channel) {
    return std::make_unique<ConsumerProbe>(
        from.subscribe({.kind = ConsumerMode::Kind::group, .group = group}, std::array{channel}));
  }
  bool received(ConsumerProbe& probe) {
    return testkit::poll_until(clock_, patience, {&probe},
                               [&] { return !probe.deliveries().empty(); });
  }
  /// The fault and the words that creating a channel ends with.
  void expect_refused(Broker& with, std::string const& words) {
    try {
      create(with, "never-made");
      ADD_FAILURE() << "it was made";
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::rejected);
      EXPECT_NE(std::string{error.what()}.find(words), std::string::npos) << error.what();
    }
  }

  SystemClock clock_;
};

TEST_F(KafkaSecurity, carries_records_through_tls) {
  auto const secure = broker(server().with_tls(), {{"security.protocol", "ssl"},
                                                   {"ssl.ca.location", server().certificate()}});
  create(*secure, "secret");
  ProducerProbe producer{secure->producer(), clock_, patience};
  ASSERT_TRUE(producer.publish({{"secret", "k", "v"}}));
  auto const probe = reader(*secure, "secret-readers", "secret");
  EXPECT_TRUE(received(*probe));
  probe->consumer()->close(patience);
}

TEST_F(KafkaSecurity, refuses_a_server_whose_certificate_it_does_not_trust) {
  auto const wary = broker(server().with_tls(), {{"security.protocol", "ssl"}});
  expect_refused(*wary, "ssl.ca.location");
}

TEST_F(KafkaSecurity, names_the_properties_of_a_password_that_was_refused) {
  expect_refused(*alice("wrong"), "sasl.password");
}

TEST_F(KafkaSecurity, finishes_a_producer_whose_password_was_refused) {
  auto const producer = alice("wrong")->producer();
  ASSERT_TRUE(producer->submit({.channel = "any", .key = "k", .value = "v"}, Sequence{1}));
  std::vector<Completion> completions;
  auto const give_up = Deadline::after(clock_, patience);
  while (completions.empty() && !give_up.reached(clock_)) {
    pollfd news{.fd = producer->descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&news, 1, 100);
    completions = producer->completions();
  }
  ASSERT_EQ(completions.size(), 1U);
  ASSERT_TRUE(completions.front().error);
  EXPECT_EQ(completions.front().error->fault(), Fault::broken);
  EXPECT_NE(std::string{completions.front().error->what()}.find("sasl.password"),
            std::string::npos);
  try {
    (void)producer->submit({.channel = "any", .key = "k", .value = "v"}, Sequence{2});
    ADD_FAILURE() << "it is finished";
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::broken); }
}

TEST_F(KafkaSecurity, a_channel_that_one_may_not_write_refuses_its_records_alone) {
  create(*open(), "writable");
  create(*open(), "forbidden");
  allow(RD_KAFKA_RESOURCE_TOPIC, "writable", RD_KAFKA_ACL_OPERATION_WRITE);
  ProducerProbe producer{alice()->producer(), clock_, patience};
  auto const before = producer.submit({"writable", "k", "before"}).value();
  auto const refused = producer.submit({"forbidden", "k", "poison"}).value();
  auto const after = producer.submit({"writable", "k", "after"}).value();
  ASSERT_TRUE(producer.settle());
  EXPECT_TRUE(producer.landed(before));
  EXPECT_EQ(producer.fault(refused), Fault::rejected);
  EXPECT_TRUE(producer.landed(after));
}

/// The brokers do not tell alice how large a batch may be. Refusals do, one after the other.
TEST_F(KafkaSecurity, records_that_are_too_large_are_singled_out_without_the_right_to_describe) {
  create_small_topic(server().open(), "small", 2'000);
  allow(RD_KAFKA_RESOURCE_TOPIC, "small", RD_KAFKA_ACL_OPERATION_WRITE);
  std::vector<OwnedRecord> records;
  for (int i = 0; i < 1'000; ++i)
    records.push_back({"small", "key-" + std::to_string(i % 7), std::to_string(i)});
  std::set<std::size_t> const poison{0, 500, 501, 999};
  for (auto const index : poison) records[index].value.resize(5'000, 'x');
  auto const from = alice();
  Publisher publisher{*from, records};
  auto const give_up = Deadline::after(clock_, patience);
  while (!publisher.done() && !give_up.reached(clock_)) publisher.step();
  ASSERT_TRUE(publisher.done());
  EXPECT_GT(publisher.producers(), 1U) << "nothing was refused together";
  std::set<std::size_t> refused;
  for (auto const& each : publisher.refused()) refused.insert(each.first);
  EXPECT_EQ(refused, poison);
}

TEST_F(KafkaSecurity, reads_a_channel_that_exists_though_it_may_create_none) {
  create(*open(), "readable");
  allow(RD_KAFKA_RESOURCE_TOPIC, "readable", RD_KAFKA_ACL_OPERATION_READ);
  allow(RD_KAFKA_RESOURCE_GROUP, "alices", RD_KAFKA_ACL_OPERATION_READ);
  ProducerProbe producer{open()->producer(), clock_, patience};
  ASSERT_TRUE(producer.publish({{"readable", "k", "v"}}));
  auto const member = alice();
  auto const probe = reader(*member, "alices", "readable");
  EXPECT_TRUE(received(*probe));
  expect_refused(*member, "grant");
}

TEST_F(KafkaSecurity, a_listener_needs_no_right_on_any_group) {
  create(*open(), "overheard");
  allow(RD_KAFKA_RESOURCE_TOPIC, "overheard", RD_KAFKA_ACL_OPERATION_READ);
  ConsumerProbe probe{alice()->subscribe({.kind = ConsumerMode::Kind::broadcast},
                                         std::array{std::string{"overheard"}})};
  ProducerProbe producer{open()->producer(), clock_, patience};
  ASSERT_TRUE(producer.publish({{"overheard", "k", "v"}}));
  EXPECT_TRUE(received(probe));
}

TEST_F(KafkaSecurity, a_group_that_one_may_not_join_is_refused) {
  create(*open(), "shared");
  allow(RD_KAFKA_RESOURCE_TOPIC, "shared", RD_KAFKA_ACL_OPERATION_READ);
  auto const probe = reader(*alice(), "somebody-elses", "shared");
  try {
    (void)received(*probe);
    ADD_FAILURE() << "it joined";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::rejected);
    EXPECT_NE(std::string{error.what()}.find("grant user 'alice' Read on the group"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace tram::testing
