#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kafka_server.hpp"
#include "refusing_kafka.hpp"

namespace tram::testing {

/// A Kafka of which clients that ask the proxy know nothing but the proxy.
struct ProxiedKafka {
  std::optional<RefusingKafka> proxy;
  KafkaServer server{1, [this](int port, std::string const&) {
                       proxy.emplace(port + 2);
                       auto const own = std::to_string(port);
                       return std::vector<std::string>{
                           "listeners=PLAINTEXT://127.0.0.1:" + own +
                               ",PROXY://127.0.0.1:" + std::to_string(port + 2) +
                               ",CONTROLLER://127.0.0.1:" + std::to_string(port + 1),
                           "advertised.listeners=PLAINTEXT://127.0.0.1:" + own +
                               ",PROXY://127.0.0.1:" + std::to_string(proxy->port()),
                           "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXY:PLAINTEXT,"
                           "CONTROLLER:PLAINTEXT",
                           "inter.broker.listener.name=PLAINTEXT"};
                     }};

  [[nodiscard]] std::string servers() const { return "127.0.0.1:" + std::to_string(proxy->port()); }
};

}  // namespace tram::testing
