#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "event_descriptor.hpp"
#include "late_start.hpp"
#include "librdkafka.hpp"

namespace tram::kafka {

/// Asks the coordinator of a consumer's group which positions it has stored. The client can only
/// wait for the answer, so that a thread of this does. (Its other way to ask, for administration,
/// ends the process with librdkafka 2.0.2 when a connection is lost meanwhile.) One question at a
/// time. The destructor waits for the answer, so it goes before the client.
class PositionQuery {
 public:
  /// `news` rings with the answer.
  PositionQuery(rd_kafka_t* client, EventDescriptor const& news) : client_{client}, news_{news} {}

  /// `partitions`: at least one.
  void ask(rd_kafka_topic_partition_list_t const* partitions, std::chrono::milliseconds timeout);
  /// The same. Where the group has no position, one is stored first.
  void ask(rd_kafka_topic_partition_list_t const* partitions, std::shared_ptr<LateStart> group,
           std::chrono::milliseconds timeout);
  /// Where they begin, which moves as records are removed. `partitions`: at least one.
  void ask_for_beginnings(PartitionsHandle partitions, std::chrono::milliseconds timeout);
  /// Where they end: one past the last record. `partitions`: at least one.
  void ask_for_ends(PartitionsHandle partitions, std::chrono::milliseconds timeout);
  /// Only whether the cluster answers.
  void ask_for_a_sign(std::string const& channel, std::chrono::milliseconds timeout);
  [[nodiscard]] bool asking() const { return asking_; }
  enum class About : std::uint8_t { positions, beginnings, ends, nothing };
  struct Answer {
    About about{};
    rd_kafka_resp_err_t code{};
    /// With an error, or an offset (RD_KAFKA_OFFSET_INVALID where none is stored) each; null after
    /// an error, and where none were asked for.
    PartitionsHandle partitions;
  };
  std::optional<Answer> take();

 private:
  void ask_for_places(About about, std::int64_t place, std::chrono::milliseconds timeout);
  void ask(About about, std::function<rd_kafka_resp_err_t()> question);

  rd_kafka_t* client_;
  EventDescriptor const& news_;
  bool asking_{};
  About about_{};
  PartitionsHandle partitions_;
  rd_kafka_resp_err_t code_{};
  /// Whether the two above are the answer.
  std::atomic<bool> answered_{};
  std::jthread thread_;
};

}  // namespace tram::kafka
