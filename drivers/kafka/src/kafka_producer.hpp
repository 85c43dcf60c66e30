#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "channel_route.hpp"
#include "client.hpp"
#include "event_descriptor.hpp"
#include "tram/base/clock.hpp"
#include "tram/broker/producer.hpp"
#include "tram/kafka/kafka.hpp"

namespace tram::kafka {

/// How much one batch may carry; what one producer learns from a refusal holds for the next.
using BatchBytes = std::atomic<std::size_t>;

class KafkaProducer final : public Producer {
 public:
  /// `batch_bytes` is shared with the broker and its other producers, which may outlive each other.
  KafkaProducer(Config const& config, std::shared_ptr<BatchBytes> batch_bytes, Clock const& clock,
                Logger const& logger);
  ~KafkaProducer() override;
  KafkaProducer(KafkaProducer const&) = delete;
  KafkaProducer& operator=(KafkaProducer const&) = delete;

  bool submit(RecordView const& record, Sequence sequence) override;
  std::vector<Completion> completions() override;
  [[nodiscard]] int descriptor() const override { return news_.get(); }
  /// Makes the descriptor readable, for news that this producer does not know of.
  void ring() { news_.ring(); }
  /// How many partitions the channel had when a record went there last; 0 while that is unknown.
  [[nodiscard]] std::int32_t partitions(std::string_view channel) const;

 private:
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>{}(name);
    }
  };
  using Batch = std::span<rd_kafka_message_t const* const>;

  struct Topic {
    TopicHandle handle;
    ChannelRoute* route{};
  };

  Topic& topic(std::string_view channel);
  Topic make_topic(std::string const& channel);
  bool refused(Error error, Sequence sequence);
  [[nodiscard]] Error broken(rd_kafka_resp_err_t code, std::string const& what) const;
  [[nodiscard]] Completion refusal(Sequence sequence, rd_kafka_resp_err_t code,
                                   std::string const& what) const;
  bool not_taken(rd_kafka_resp_err_t code, RecordView const& record, Sequence sequence);
  void take(rd_kafka_event_t* event, std::vector<Completion>& completions);
  void take_batch_limit(rd_kafka_event_t* event);
  void ask_again(ChannelRoute& route);
  void take_reports(rd_kafka_event_t* event, std::vector<Completion>& completions);
  void take_failures(Batch batch, std::vector<Completion>& completions);
  void take_implied(Batch batch, std::vector<Completion>& completions);
  void take_error(rd_kafka_event_t* event);
  void hand_over_waiting(std::vector<Completion>& completions);
  void learn_batch_bytes(Batch batch);
  void finish(Error error);
  void finish(Error error, Sequence at, std::vector<Completion>& completions);

  std::size_t window_;
  std::size_t record_bytes_max_;
  std::shared_ptr<BatchBytes> batch_bytes_;
  std::size_t window_bytes_;
  Clock const& clock_;
  std::size_t waiting_bytes_{};
  struct Uses : ClientUses {
    using ClientUses::ClientUses;
    std::map<std::string, ChannelRoute, std::less<>> routes;
  };
  std::shared_ptr<Uses> uses_;
  std::map<std::string, ChannelRoute, std::less<>>& routes_{uses_->routes};
  ClientHooks& hooks_{uses_->hooks};
  EventDescriptor& news_{uses_->news};
  ClientHandle client_;
  QueueHandle queue_;
  std::unordered_map<std::string, Topic, NameHash, std::equal_to<>> topics_;
  /// The last one used: most producers stay with one for a while.
  std::string_view last_channel_;
  Topic* last_topic_{};
  std::optional<Sequence> last_;
  /// Submitted, and not given back by `completions`.
  std::size_t open_{};
  std::vector<Completion> refused_;
  /// Why it is finished; the next completion says so.
  std::optional<Error> trouble_;
  bool finished_{};
};

}  // namespace tram::kafka
