#include <algorithm>
#include <utility>

#include "adaptive_producer.hpp"
#include "admin.hpp"
#include "configuration.hpp"
#include "kafka_consumer.hpp"
#include "kafka_producer.hpp"
#include "known_channels.hpp"
#include "multi_message_producer.hpp"
#include "tram/kafka/kafka.hpp"
#include "tram/wire/channel_name.hpp"

namespace tram::kafka {
namespace {

/// What a batch of records may hold at first, as librdkafka and less than brokers take.
constexpr std::size_t batch_bytes_default{1'000'000};

/// A subscriber tries again, and may have to stop meanwhile.
constexpr std::chrono::seconds subscribe_patience{5};

/// How long a batch is filled, in milliseconds, while many records are on their way.
constexpr char const* patient_linger{"3"};

bool sets_linger(Config const& config) {
  return config.properties.contains("linger.ms") ||
         config.properties.contains("queue.buffering.max.ms");
}

class KafkaBroker final : public Broker {
 public:
  KafkaBroker(Config config, Clock& clock, Logger const& logger)
      : config_{std::move(config)}, clock_{clock}, logger_{logger} {
    check(config_);
  }

  [[nodiscard]] BrokerTraits traits() const override {
    return {.name = "kafka",
            .durable = true,
            .record_bytes_max = config_.record_bytes_max,
            .shared_by_processes = true,
            .refuses_missing_channels = true,
            .keys_as_kafka = true};
  }

  std::unique_ptr<Producer> producer() override {
    auto producer = std::make_unique<KafkaProducer>(config_, batch_bytes_, clock_, logger_);
    if (!config_.multi_messages) return adaptive(std::move(producer));
    auto& records = *producer;
    return std::make_unique<MultiMessageProducer>(
        std::move(producer),
        MultiMessageProducer::Below{
            .partitions = [&records](auto channel) { return records.partitions(channel); },
            .ring = [&records] { records.ring(); }},
        MultiMessageProducer::Options{
            .window = config_.window,
            .bytes_max = std::min(config_.multi_message_bytes_max, config_.record_bytes_max),
            .linger = config_.multi_message_linger},
        record_bytes_, clock_);
  }

  std::unique_ptr<Consumer> subscribe(ConsumerMode const& mode,
                                      std::span<std::string const> channels,
                                      std::stop_token const& stop = no_stop()) override {
    auto const patience = std::min<Duration>(config_.request_timeout, subscribe_patience);
    auto const deadline = Deadline::after(clock_, patience);
    bool const late =
        mode.kind == ConsumerMode::Kind::group && mode.start == ConsumerMode::Start::latest;
    if (late) note_missing(mode.group, channels, deadline, stop);
    KafkaConsumer::Order order{mode, channels, known_.of(mode.group)};
    if (mode.create_channels) order.created = create_channels(channels, 0, deadline, stop);
    else refuse_missing_channels(mode, missing(channels, deadline, stop));
    auto consumer =
        std::make_unique<KafkaConsumer>(config_, std::move(order), clock_, logger_, stop);
    if (late && consumer->has_begun()) known_.add(mode.group, channels);
    return consumer;
  }

  std::vector<std::string> create_channels(std::span<std::string const> channels,
                                           std::int32_t partitions, Deadline deadline,
                                           std::stop_token const& stop = no_stop()) override {
    check_names(channels);
    if (channels.empty()) return {};
    return Admin{config_, clock_, logger_, deadline, stop}.create_topics(channels, partitions);
  }
  void ping(Deadline deadline, std::stop_token const& stop = no_stop()) override {
    Admin{config_, clock_, logger_, deadline, stop}.require_answer();
  }

 private:
  static void check_names(std::span<std::string const> channels) {
    for (auto const& channel : channels) check_channel_name(channel);
  }
  /// The group is there before them, whoever makes them.
  void note_missing(std::string const& group, std::span<std::string const> channels,
                    Deadline deadline, std::stop_token const& stop) {
    known_.add(group, missing(channels, deadline, stop));
  }
  std::vector<std::string> missing(std::span<std::string const> channels, Deadline deadline,
                                   std::stop_token const& stop) {
    check_names(channels);
    if (channels.empty()) return {};
    return Admin{config_, clock_, logger_, deadline, stop}.missing(channels);
  }
  std::unique_ptr<Producer> adaptive(std::unique_ptr<Producer> eager) {
    if (sets_linger(config_)) return eager;
    auto patient = config_;
    patient.properties.emplace("linger.ms", patient_linger);
    auto const make = [patient = std::move(patient), bytes = batch_bytes_, &clock = clock_,
                       logger = logger_] {
      return std::make_unique<KafkaProducer>(patient, bytes, clock, logger);
    };
    return std::make_unique<AdaptiveProducer>(std::move(eager), make, clock_, logger_);
  }

  Config const config_;
  Clock& clock_;
  Logger const logger_;
  KnownChannels known_;
  // Shared with the producers, which may outlive this.
  std::shared_ptr<BatchBytes> const batch_bytes_{std::make_shared<BatchBytes>(batch_bytes_default)};
  std::shared_ptr<BatchBytes> const record_bytes_{
      std::make_shared<BatchBytes>(config_.multi_message_bytes_max)};
};

}  // namespace

std::unique_ptr<Broker> connect(Config const& config, Clock& clock, Logger const& logger) {
  return std::make_unique<KafkaBroker>(config, clock, logger);
}

}  // namespace tram::kafka
