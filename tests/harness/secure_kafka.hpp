#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "kafka_server.hpp"

namespace tram::testing {

/// Self-signed, as PEM: what the server shows, and what a client trusts.
inline void make_certificate(std::string const& folder) {
  auto const command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
                       " -addext subjectAltName=IP:127.0.0.1 -keyout " +
                       folder + "/key.pem -out " + folder + "/certificate.pem 2>/dev/null && cat " +
                       folder + "/key.pem " + folder + "/certificate.pem > " + folder +
                       "/server.pem";
  if (std::system(command.c_str()) != 0) throw std::runtime_error{"no certificate"};
}

/// Listens without security for whoever sets it up, with passwords, and with TLS.
class SecureKafka {
 public:
  SecureKafka()
      : server_{2, [this](int port, auto const& folder) { return lines(port, folder); }} {}

  [[nodiscard]] std::string open() const { return server_.servers(); }
  [[nodiscard]] std::string with_password() const { return address(server_.port() + 2); }
  [[nodiscard]] std::string with_tls() const { return address(server_.port() + 3); }
  [[nodiscard]] std::string certificate() const { return folder_ + "/certificate.pem"; }

  using Permission = rd_kafka_AclPermissionType_t;
  /// Lets alice, whose password is "right", do one thing, or denies it.
  void allow(rd_kafka_ResourceType_t type, std::string const& name,
             rd_kafka_AclOperation_t operation,
             Permission permission = RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW) const {
    auto const client = admin();
    auto const rule = about<rd_kafka_AclBinding_new>(type, name, operation, permission);
    Queue const answers{rd_kafka_queue_new(client.get()), rd_kafka_queue_destroy};
    auto* rules = rule.get();
    rd_kafka_CreateAcls(client.get(), &rules, 1, nullptr, answers.get());
    await(answers.get(), "allow " + name);
    await_rule(client.get(), {type, name, operation, permission}, true);
  }
  /// Takes such a rule back.
  void forbid(rd_kafka_ResourceType_t type, std::string const& name,
              rd_kafka_AclOperation_t operation,
              Permission permission = RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW) const {
    auto const client = admin();
    auto const rule = about<rd_kafka_AclBindingFilter_new>(type, name, operation, permission);
    Queue const answers{rd_kafka_queue_new(client.get()), rd_kafka_queue_destroy};
    auto* rules = rule.get();
    rd_kafka_DeleteAcls(client.get(), &rules, 1, nullptr, answers.get());
    await(answers.get(), "forbid " + name);
    await_rule(client.get(), {type, name, operation, permission}, false);
  }

 private:
  using Client = std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)>;
  using Queue = std::unique_ptr<rd_kafka_queue_t, void (*)(rd_kafka_queue_t*)>;
  using Answer = std::unique_ptr<rd_kafka_event_t, void (*)(rd_kafka_event_t*)>;
  using Rule = std::unique_ptr<rd_kafka_AclBinding_t, void (*)(rd_kafka_AclBinding_t*)>;

  [[nodiscard]] Client admin() const {
    std::array<char, 512> reason{};
    auto* const conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", open().c_str(), reason.data(), reason.size());
    return {rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size()), rd_kafka_destroy};
  }
  template <auto make>
  static Rule about(rd_kafka_ResourceType_t type, std::string const& name,
                    rd_kafka_AclOperation_t operation, Permission permission) {
    std::array<char, 512> reason{};
    return {make(type, name.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, "User:alice", "*",
                 operation, permission, reason.data(), reason.size()),
            rd_kafka_AclBinding_destroy};
  }
  static Answer await(rd_kafka_queue_t* answers, std::string const& what) {
    Answer answer{rd_kafka_queue_poll(answers, 20'000), rd_kafka_event_destroy};
    if (answer == nullptr || rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw std::runtime_error{"cannot " + what};
    return answer;
  }
  struct Right {
    rd_kafka_ResourceType_t type;
    std::string const& name;
    rd_kafka_AclOperation_t operation;
    Permission permission;
  };
  /// The broker follows its controller a little later.
  static void await_rule(rd_kafka_t* client, Right const& right, bool wanted) {
    auto const& [type, name, operation, permission] = right;
    SystemClock clock;
    auto const give_up = Deadline::after(clock, std::chrono::seconds{20});
    auto const filter = about<rd_kafka_AclBindingFilter_new>(type, name, operation, permission);
    while (has_rule(client, filter.get()) != wanted) {
      if (give_up.reached(clock)) throw std::runtime_error{"the broker does not know of " + name};
      clock.pause(std::chrono::milliseconds{10});
    }
  }
  static bool has_rule(rd_kafka_t* client, rd_kafka_AclBindingFilter_t* filter) {
    Queue const answers{rd_kafka_queue_new(client), rd_kafka_queue_destroy};
    rd_kafka_DescribeAcls(client, filter, nullptr, answers.get());
    std::size_t count{};
    auto const answer = await(answers.get(), "describe rules");
    rd_kafka_DescribeAcls_result_acls(rd_kafka_event_DescribeAcls_result(answer.get()), &count);
    return count > 0;
  }
  static std::string address(int port) { return "127.0.0.1:" + std::to_string(port); }
  std::vector<std::string> lines(int port, std::string const& folder) {
    folder_ = folder;
    make_certificate(folder);
    auto const own = "SASL_PLAINTEXT://" + address(port + 2) + ",SSL://" + address(port + 3);
    std::string const users{
        "org.apache.kafka.common.security.plain.PlainLoginModule required user_alice=\"right\";"};
    return {
        "listeners=PLAINTEXT://" + address(port) + ",CONTROLLER://" + address(port + 1) + "," + own,
        "advertised.listeners=PLAINTEXT://" + address(port) + "," + own,
        "sasl.enabled.mechanisms=PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config=" + users,
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users=User:ANONYMOUS",
        "ssl.keystore.type=PEM",
        "ssl.keystore.location=" + folder + "/server.pem"};
  }

  std::string folder_;
  KafkaServer server_;
};

}  // namespace tram::testing
