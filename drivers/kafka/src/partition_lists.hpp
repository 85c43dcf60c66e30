#pragma once

#include <span>

#include "librdkafka.hpp"
#include "tram/broker/record.hpp"

namespace tram::kafka {

// librdkafka's lists of partitions, as ours.

inline std::span<rd_kafka_topic_partition_t const> entries(
    rd_kafka_topic_partition_list_t const* list) {
  return {list->elems, static_cast<std::size_t>(list->cnt)};
}

inline TopicPartition partition_of(rd_kafka_topic_partition_t const& entry) {
  return {.channel = entry.topic, .partition = entry.partition};
}

inline rd_kafka_topic_partition_t& add(rd_kafka_topic_partition_list_t* list,
                                       TopicPartition const& partition) {
  return *rd_kafka_topic_partition_list_add(list, partition.channel.c_str(), partition.partition);
}

inline PartitionsHandle new_list() {
  return PartitionsHandle{rd_kafka_topic_partition_list_new(8)};
}

}  // namespace tram::kafka
