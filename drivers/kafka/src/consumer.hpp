#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "client.hpp"
#include "event_descriptor.hpp"
#include "tram/base/error.hpp"
#include "tram/broker/broker.hpp"
#include "tram/kafka/kafka.hpp"

namespace tram::kafka {

class KafkaConsumer final : public Consumer {
 public:
  KafkaConsumer(Config const& config, ConsumerMode const& mode,
                std::span<std::string const> channels, Clock& clock, Logger const& logger);
  ~KafkaConsumer() override = default;
  KafkaConsumer(KafkaConsumer const&) = delete;
  KafkaConsumer& operator=(KafkaConsumer const&) = delete;

  std::vector<ConsumerEvent> poll() override;
  void acknowledge(TopicPartition const& partition, Position next) override;
  void pause(TopicPartition const& partition) override;
  void resume(TopicPartition const& partition) override;
  void close(Duration timeout) noexcept override;
  [[nodiscard]] int descriptor() const override { return news_.get(); }

 private:
  using Code = rd_kafka_resp_err_t;
  using List = rd_kafka_topic_partition_list_t;
  struct Owned {
    /// Not on its way to the broker yet.
    std::optional<Position> acknowledged;
    std::optional<Position> storing;
  };
  using OwnedPartitions = std::map<TopicPartition, Owned>;

  void join(std::span<std::string const> channels);
  void listen(std::span<std::string const> channels);
  void append_partitions(std::string const& channel, List* list);

  void finish_revocation();
  void store_acknowledged();
  void deliver(std::vector<ConsumerEvent>& events);
  void take(rd_kafka_message_t const& message, std::vector<ConsumerEvent>& events);
  OwnedPartitions::iterator owner_of(rd_kafka_message_t const& message);
  [[nodiscard]] bool is_leaving(rd_kafka_message_t const& message) const;
  void leave(Deadline deadline);

  // The hooks.
  void rebalanced(Code code, List const* partitions);
  void assigned(List const* partitions);
  void revoked(List const* partitions);
  void stored(Code code, List const* partitions);
  void failed(Code code, std::string const& what, std::string_view text);

  void switch_delivery(TopicPartition const& partition, Code (*with)(rd_kafka_t*, List*));

  Clock& clock_;
  bool broadcast_;
  std::string about_;
  std::chrono::milliseconds request_timeout_;
  ClientHooks hooks_;
  EventDescriptor news_;
  ClientHandle client_;
  QueueHandle queue_;
  OwnedPartitions owned_;
  std::set<TopicPartition> paused_;
  /// What the last poll announced as revoked, to be given up in the next.
  PartitionsHandle leaving_;
  /// Assigned and Revoked, for the poll in which they came.
  std::vector<ConsumerEvent> announced_;
  std::optional<Error> trouble_;
  std::size_t storing_{};
  SteadyTime next_store_{SteadyTime::min()};
  /// The partition of the last delivery, which is most often that of the next.
  OwnedPartitions::iterator last_{owned_.end()};
  bool closing_{};
};

}  // namespace tram::kafka
