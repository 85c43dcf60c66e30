#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "event_descriptor.hpp"
#include "librdkafka.hpp"

namespace tram::kafka {

/// Asks the coordinator of a group which positions it has stored, without waiting for the answer.
/// One question at a time. Must not outlive its client.
class PositionQuery {
 public:
  /// `news` rings with the answer.
  PositionQuery(rd_kafka_t* client, std::string group, EventDescriptor const& news);

  void ask(rd_kafka_topic_partition_list_t const* partitions, std::chrono::milliseconds timeout);
  [[nodiscard]] bool asking() const { return asking_; }
  struct Answer {
    rd_kafka_resp_err_t code{};
    /// With an error, or an offset (RD_KAFKA_OFFSET_INVALID where none is stored) each; null after
    /// an error.
    PartitionsHandle partitions;
  };
  std::optional<Answer> take();

 private:
  rd_kafka_t* client_;
  std::string group_;
  QueueHandle answers_;
  bool asking_{};
};

}  // namespace tram::kafka
