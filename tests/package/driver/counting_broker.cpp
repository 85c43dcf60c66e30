#include <tram/embedded/in_memory.hpp>

#include "counting.hpp"

namespace counting {
namespace {

class CountingProducer final : public tram::Producer {
 public:
  explicit CountingProducer(std::unique_ptr<tram::Producer> below) : below_{std::move(below)} {}

  bool submit(tram::RecordView const& record, tram::Sequence sequence) override {
    bool const taken = below_->submit(record, sequence);
    if (taken) ++records;
    return taken;
  }
  std::vector<tram::Completion> completions() override { return below_->completions(); }
  [[nodiscard]] int descriptor() const override { return below_->descriptor(); }

 private:
  std::unique_ptr<tram::Producer> below_;
};

class CountingBroker final : public tram::Broker {
 public:
  explicit CountingBroker(tram::Clock& clock)
      : below_{tram::embedded::in_memory_broker({.record_bytes_max = 4'000, .window = 64}, clock)} {
  }

  [[nodiscard]] tram::BrokerTraits traits() const override {
    auto traits = below_->traits();
    traits.name = "counting";
    return traits;
  }
  std::unique_ptr<tram::Producer> producer() override {
    return std::make_unique<CountingProducer>(below_->producer());
  }
  std::unique_ptr<tram::Consumer> subscribe(tram::ConsumerMode const& mode,
                                            std::span<std::string const> channels,
                                            std::stop_token const& stop) override {
    return below_->subscribe(mode, channels, stop);
  }
  std::vector<std::string> create_channels(std::span<std::string const> channels,
                                           std::int32_t partitions, tram::Deadline deadline,
                                           std::stop_token const& stop) override {
    return below_->create_channels(channels, partitions, deadline, stop);
  }
  void ping(tram::Deadline deadline, std::stop_token const& stop) override {
    below_->ping(deadline, stop);
  }

 private:
  std::unique_ptr<tram::Broker> below_;
};

std::unique_ptr<tram::Broker> open(tram::Url const& url, tram::BrokerProperties const&,
                                   tram::Clock& clock, tram::Logger const&) {
  url.require_parameters({});
  return std::make_unique<CountingBroker>(clock);
}

}  // namespace

std::atomic<int> records;
tram::BrokerKit const broker_kit{.scheme = "counting", .open = open};

}  // namespace counting
