#pragma once

#include <librdkafka/rdkafka.h>

#include <cstdint>
#include <memory>

#include "tram/base/process_family.hpp"

namespace tram::kafka {

template <auto destroy>
struct Destroy {
  template <class Handle>
  void operator()(Handle* handle) const noexcept {
    destroy(handle);
  }
};

/// Without leaving a group or storing positions: what a destructor may do. A tidy end closes first.
struct DestroyClient {
  std::uint64_t process{process_generation()};
  void operator()(rd_kafka_t* client) const noexcept {
    // In a child that was forked its threads are not there, and would be waited for.
    if (process != process_generation()) return;
    rd_kafka_destroy_flags(client, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  }
};

using ConfHandle = std::unique_ptr<rd_kafka_conf_t, Destroy<rd_kafka_conf_destroy>>;
using ClientHandle = std::unique_ptr<rd_kafka_t, DestroyClient>;
using QueueHandle = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
using TopicHandle = std::unique_ptr<rd_kafka_topic_t, Destroy<rd_kafka_topic_destroy>>;
using EventHandle = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>>;
using MessageHandle = std::unique_ptr<rd_kafka_message_t, Destroy<rd_kafka_message_destroy>>;
using ErrorHandle = std::unique_ptr<rd_kafka_error_t, Destroy<rd_kafka_error_destroy>>;
using PartitionsHandle = std::unique_ptr<rd_kafka_topic_partition_list_t,
                                         Destroy<rd_kafka_topic_partition_list_destroy>>;
using MetadataHandle =
    std::unique_ptr<rd_kafka_metadata_t const, Destroy<rd_kafka_metadata_destroy>>;
using NewTopicHandle = std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_destroy>>;
using AdminOptionsHandle =
    std::unique_ptr<rd_kafka_AdminOptions_t, Destroy<rd_kafka_AdminOptions_destroy>>;

}  // namespace tram::kafka
