#include "tram/embedded/embedded.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "file_producer.hpp"
#include "file_state.hpp"
#include "file_store.hpp"
#include "local_consumer.hpp"
#include "tram/base/error.hpp"
#include "tram/wire/channel_name.hpp"

namespace tram::embedded {
namespace {

constexpr std::size_t record_bytes_limit{500'000'000};

class FileBroker final : public Broker {
 public:
  explicit FileBroker(std::shared_ptr<FileState> state) : state_{std::move(state)} {}

  [[nodiscard]] BrokerTraits traits() const override {
    return {.name = "embedded",
            .durable = true,
            .record_bytes_max = state_->config.record_bytes_max,
            .shared_by_processes = false,
            .refuses_missing_channels = true,
            .keys_as_kafka = true};
  }

  std::unique_ptr<Producer> producer() override {
    state_->require_this_process();
    return std::make_unique<FileProducer>(state_);
  }

  std::unique_ptr<Consumer> subscribe(ConsumerMode const& mode,
                                      std::span<std::string const> channels,
                                      std::stop_token const& stop = no_stop()) override {
    std::vector<std::string> created;
    if (mode.create_channels) created = create_channels(channels, 0, Deadline::never(), stop);
    else refuse_missing_channels(mode, missing(channels));
    ConsumerOrder order{.mode = mode,
                        .wanted = {},
                        .generation = state_->last_generation(mode.group),
                        .store_interval = state_->config.store_interval,
                        .created = std::move(created)};
    for (auto const& name : channels) {
      add_partitions(order, name, state_->channels.find(name)->partitions());
    }
    auto const signal = std::make_shared<EventSignal>();
    auto store = std::make_unique<FileStore>(state_, channels, signal);
    return std::make_unique<LocalConsumer>(
        ConsumerParts{std::move(store), state_->groups, signal, state_->clock}, std::move(order));
  }

  /// Waits for one commit at most, which nothing can cut short.
  std::vector<std::string> create_channels(std::span<std::string const> channels,
                                           std::int32_t partitions, Deadline,
                                           std::stop_token const& = {}) override {
    state_->require_this_process();
    for (auto const& channel : channels) check_channel_name(channel);
    return state_->create_channels(channels,
                                   partitions > 0 ? partitions : state_->config.partitions);
  }
  void ping(Deadline, std::stop_token const& = {}) override {
    state_->require_this_process();
    state_->require_usable();
  }

 private:
  std::vector<std::string> missing(std::span<std::string const> channels) {
    state_->require_this_process();
    for (auto const& channel : channels) check_channel_name(channel);
    return state_->missing(channels);
  }

  // Shared with the producers and consumers, which may outlive the broker.
  std::shared_ptr<FileState> state_;
};

void check(Config const& config) {
  auto const refuse = [](std::string const& what) {
    throw Error{Fault::rejected, "embedded broker: " + what};
  };
  if (config.path.empty() || config.path.starts_with(":memory:")) {
    refuse("a path is needed; for a broker in memory take in_memory_broker");
  }
  if (config.partitions < 1 || config.window < 1) {
    refuse("partitions and window must be at least 1");
  }
  if (config.record_bytes_max > record_bytes_limit) {
    refuse("record_bytes_max must be at most " + std::to_string(record_bytes_limit));
  }
  if (config.retention.count() < 0 || config.group_retention.count() < 0) {
    refuse("retention and group_retention must not be negative; 0 keeps all");
  }
}

/// One file has one name, whatever links lead to it: the lock goes by it.
Config with_true_path(Config config) {
  std::error_code trouble;
  auto const path = std::filesystem::weakly_canonical(config.path, trouble);
  if (!trouble) config.path = path.string();
  return config;
}

}  // namespace

std::unique_ptr<Broker> connect(Config const& config, Clock& clock, Logger const& logger) {
  check(config);
  return std::make_unique<FileBroker>(
      std::make_shared<FileState>(with_true_path(config), clock, logger));
}

}  // namespace tram::embedded
