#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tram/broker/broker.hpp"

namespace tram::testkit {

/// A record that a producer was told to be durable.
struct RecordedRecord {
  std::string channel;
  std::string key;
  std::string value;
};

/// Passes everything on, remembers the records that landed, and lands them twice when told.
class RecordingBroker final : public Broker {
 public:
  explicit RecordingBroker(Broker& inner) : inner_{inner} {}

  [[nodiscard]] BrokerTraits traits() const override { return inner_.traits(); }
  std::unique_ptr<Producer> producer() override;
  std::unique_ptr<Consumer> subscribe(ConsumerMode const& mode,
                                      std::span<std::string const> channels,
                                      std::stop_token const& stop = no_stop()) override {
    return inner_.subscribe(mode, channels, stop);
  }
  std::vector<std::string> create_channels(std::span<std::string const> channels,
                                           std::int32_t partitions, Deadline deadline,
                                           std::stop_token const& stop = no_stop()) override {
    return inner_.create_channels(channels, partitions, deadline, stop);
  }
  void ping(Deadline deadline, std::stop_token const& stop = no_stop()) override {
    inner_.ping(deadline, stop);
  }

  [[nodiscard]] std::vector<RecordedRecord> const& records() const { return memory_.records; }
  void land_twice(bool twice) { memory_.twice = twice; }

  /// What the producers share with the broker, which outlives them.
  struct Memory {
    std::vector<RecordedRecord> records;
    bool twice{};
  };

 private:
  Broker& inner_;
  Memory memory_;
};

}  // namespace tram::testkit
