#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "librdkafka.hpp"
#include "partition_gate.hpp"
#include "tram/broker/producer.hpp"

namespace tram::kafka {

/// A record that waits for the gate of its partition.
struct WaitingRecord {
  Sequence sequence{};
  std::string key;
  std::string value;
};

/// Where the records of one channel go, and which of them wait. The client asks it for partitions,
/// in a thread of its own where it cannot answer at once, so it outlives the client and stays where
/// it is. Everything else is for the producer's thread.
class ChannelRoute {
 public:
  enum class Outcome : std::uint8_t {
    /// The client has it, or it waits and will be handed over.
    taken,
    /// The client takes no more now.
    full,
    /// rd_kafka_last_error() says why.
    refused,
  };
  struct Refusal {
    Sequence sequence{};
    rd_kafka_resp_err_t code{};
  };

  /// `total_waiting_bytes` counts what waits in all channels of a producer.
  ChannelRoute(Clock const& clock, std::size_t& total_waiting_bytes)
      : clock_{clock}, total_waiting_bytes_{total_waiting_bytes} {}
  ChannelRoute(ChannelRoute const&) = delete;
  ChannelRoute& operator=(ChannelRoute const&) = delete;

  /// The brokers take batches of `most` bytes, and the client makes some of up to `made`. What is
  /// too large for them goes alone, and nothing follows until it was answered: what followed would
  /// land though it was refused. Before one of these two is called each record goes alone.
  void limit_batches(std::size_t most, std::size_t made);
  /// The brokers do not tell.
  void leave_batches_unlimited();
  /// Has the client ask here for the partitions of a topic.
  void install(rd_kafka_topic_conf_t* conf);
  /// How many partitions there were when the client asked last; 0 before.
  [[nodiscard]] std::int32_t partitions() const { return partitions_.load(); }

  Outcome take(rd_kafka_topic_t* topic, RecordView const& record, Sequence sequence);
  /// Hands over what waits and may go; gives back what the client refuses.
  std::vector<Refusal> hand_over_waiting(rd_kafka_topic_t* topic);

  /// What the delivery report says.
  void acknowledged(rd_kafka_message_t const& message);
  void failed(rd_kafka_message_t const& message);

 private:
  enum class Attempt : std::uint8_t { handed_over, gate_closed, full, refused };
  using Waiting = std::deque<WaitingRecord>;
  struct Partition {
    PartitionGate gate;
    Waiting waiting;
  };

  static std::int32_t choose(rd_kafka_topic_t const* topic, void const* key, std::size_t size,
                             std::int32_t partitions, void* route, void* sequence);
  std::int32_t decide(std::int32_t partition, std::int32_t partitions);
  /// Where a record would go by what is known.
  Partition* expected(std::string_view key);
  [[nodiscard]] std::size_t counted(std::size_t key, std::size_t value) const;
  [[nodiscard]] std::size_t counted(rd_kafka_message_t const& message) const;
  Attempt hand_over(rd_kafka_topic_t* topic, RecordView const& record, Sequence sequence);
  void keep(Waiting& waiting, RecordView const& record, Sequence sequence);
  void drop_first(Waiting& waiting);
  bool hand_over(rd_kafka_topic_t* topic, Waiting& waiting, std::vector<Refusal>& refusals);
  bool hand_over_states(rd_kafka_topic_t* topic, std::vector<Refusal>& refusals);
  void sort_out(rd_kafka_topic_t* topic, std::vector<Refusal>& refusals);
  Partition& partition(std::int32_t number);

  Clock const& clock_;
  std::size_t& total_waiting_bytes_;
  std::atomic<std::int32_t> partitions_{};
  /// Where the record goes that is being handed over: nothing when the client did not ask.
  std::optional<std::int32_t> chosen_;
  /// How large that record is.
  std::size_t bytes_{};
  std::size_t batch_bytes_max_{};
  /// The client's batches could be larger than that.
  bool counts_all_{true};
  bool closed_{};
  std::deque<Partition> states_;
  /// The client has this one, and does not know the partitions yet: others wait.
  std::optional<Sequence> unassigned_;
  Waiting waiting_;
  std::size_t waiting_count_{};
};

}  // namespace tram::kafka
