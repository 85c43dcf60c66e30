#pragma once

#include <chrono>
#include <memory>

#include "kafka_server.hpp"
#include "tram/kafka/kafka.hpp"

namespace tram::testing {

/// Short times, for tests.
inline kafka::Config kafka_config(KafkaServer const& server) {
  using std::chrono::milliseconds;
  return {.servers = server.servers(),
          .session_timeout = milliseconds{6'000},
          .request_timeout = milliseconds{3'000},
          .missing_channel_timeout = milliseconds{1'000},
          .properties = {{"heartbeat.interval.ms", "200"}, {"fetch.wait.max.ms", "50"}}};
}

/// For the contract of brokers; all tests of a program share one server.
class KafkaHarness {
 public:
  static constexpr Duration patience{std::chrono::seconds{20}};
  static constexpr Duration stored_within{std::chrono::seconds{1}};
  static constexpr std::size_t refused_bytes{100'001};
  static constexpr std::size_t window_max{1'000};

  Broker& broker() { return *broker_; }
  Clock& clock() { return clock_; }

 private:
  static kafka::Config config() {
    static KafkaServer const server;
    auto config = kafka_config(server);
    config.record_bytes_max = 100'000;
    config.window = window_max;
    return config;
  }

  SystemClock clock_;
  std::unique_ptr<Broker> broker_{kafka::connect(config(), clock_)};
};

}  // namespace tram::testing
