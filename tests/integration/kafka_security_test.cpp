#include <gtest/gtest.h>
#include <librdkafka/rdkafka.h>
#include <poll.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "kafka_harness.hpp"
#include "tram/testkit/broker_probe.hpp"

namespace tram::testing {
namespace {

using std::chrono::milliseconds;
using testkit::ConsumerProbe;
using testkit::ProducerProbe;

constexpr Duration patience{std::chrono::seconds{20}};

std::string at(int port) { return "127.0.0.1:" + std::to_string(port); }

/// Self-signed, as PEM: what the server shows, and what a client trusts.
void make_certificate(std::string const& folder) {
  auto const command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
                       " -addext subjectAltName=IP:127.0.0.1 -keyout " +
                       folder + "/key.pem -out " + folder + "/certificate.pem 2>/dev/null && cat " +
                       folder + "/key.pem " + folder + "/certificate.pem > " + folder +
                       "/server.pem";
  if (std::system(command.c_str()) != 0) throw std::runtime_error{"no certificate"};
}

/// Listens without security for whoever sets it up, with passwords, and with TLS.
class SecureServer {
 public:
  SecureServer() : server_{[this](int port, auto const& folder) { return lines(port, folder); }} {}

  [[nodiscard]] std::string open() const { return server_.servers(); }
  [[nodiscard]] std::string with_password() const { return at(server_.port() + 2); }
  [[nodiscard]] std::string with_tls() const { return at(server_.port() + 3); }
  [[nodiscard]] std::string certificate() const { return folder_ + "/certificate.pem"; }

 private:
  std::vector<std::string> lines(int port, std::string const& folder) {
    folder_ = folder;
    make_certificate(folder);
    auto const own = "SASL_PLAINTEXT://" + at(port + 2) + ",SSL://" + at(port + 3);
    return {"listeners=PLAINTEXT://" + at(port) + ",CONTROLLER://" + at(port + 1) + "," + own,
            "advertised.listeners=PLAINTEXT://" + at(port) + "," + own,
            "sasl.enabled.mechanisms=PLAIN",
            "listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security."
            "plain.PlainLoginModule required user_alice=\"right\";",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users=User:ANONYMOUS",
            "ssl.keystore.type=PEM",
            "ssl.keystore.location=" + folder + "/server.pem"};
  }

  std::string folder_;
  KafkaServer server_;
};

SecureServer const& server() {
  static SecureServer const one;
  return one;
}

/// Lets alice do one thing.
void allow(rd_kafka_ResourceType_t type, std::string const& name,
           rd_kafka_AclOperation_t operation) {
  std::array<char, 512> reason{};
  auto* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", server().open().c_str(), reason.data(),
                    reason.size());
  std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)> const client{
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size()), rd_kafka_destroy};
  std::unique_ptr<rd_kafka_AclBinding_t, void (*)(rd_kafka_AclBinding_t*)> const rule{
      rd_kafka_AclBinding_new(type, name.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, "User:alice",
                              "*", operation, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, reason.data(),
                              reason.size()),
      rd_kafka_AclBinding_destroy};
  std::unique_ptr<rd_kafka_queue_t, void (*)(rd_kafka_queue_t*)> const answers{
      rd_kafka_queue_new(client.get()), rd_kafka_queue_destroy};
  auto* rules = rule.get();
  rd_kafka_CreateAcls(client.get(), &rules, 1, nullptr, answers.get());
  std::unique_ptr<rd_kafka_event_t, void (*)(rd_kafka_event_t*)> const answer{
      rd_kafka_queue_poll(answers.get(), 20'000), rd_kafka_event_destroy};
  if (answer == nullptr || rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error{"cannot allow " + name};
  }
}

class KafkaSecurity : public ::testing::Test {
 protected:
  std::unique_ptr<Broker> broker(std::string const& servers,
                                 std::map<std::string, std::string> properties) {
    return kafka::connect({.servers = servers,
                           .session_timeout = milliseconds{6'000},
                           .request_timeout = milliseconds{3'000},
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
  ASSERT_TRUE(producer->submit({.channel = "any", .key = "k", .value = "v"}, 1));
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
    (void)producer->submit({.channel = "any", .key = "k", .value = "v"}, 2);
    ADD_FAILURE() << "it is finished";
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::broken); }
}

TEST_F(KafkaSecurity, a_channel_that_one_may_not_write_refuses_its_records_alone) {
  create(*open(), "writable");
  create(*open(), "forbidden");
  allow(RD_KAFKA_RESOURCE_TOPIC, "writable", RD_KAFKA_ACL_OPERATION_WRITE);
  ProducerProbe producer{alice()->producer(), clock_, patience};
  auto const before = producer.submit({"writable", "k", "before"});
  auto const refused = producer.submit({"forbidden", "k", "poison"});
  auto const after = producer.submit({"writable", "k", "after"});
  ASSERT_TRUE(producer.settle());
  EXPECT_TRUE(producer.landed(before));
  EXPECT_EQ(producer.fault(refused), Fault::rejected);
  EXPECT_TRUE(producer.landed(after));
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
    EXPECT_NE(std::string{error.what()}.find("grant this client Read on the group"),
              std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace tram::testing
