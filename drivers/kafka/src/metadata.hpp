#pragma once

#include <string>

#include "librdkafka.hpp"

namespace tram::kafka {

/// What a broker says of the topics that there are.
struct Metadata {
  rd_kafka_resp_err_t code{};
  /// Null after an error.
  MetadataHandle found;
};

/// Of one topic; with no name, of none: whether a broker answers. Waits for so many milliseconds.
inline Metadata metadata_of(rd_kafka_t* client, std::string const& topic, int timeout) {
  TopicHandle const handle{topic.empty() ? nullptr
                                         : rd_kafka_topic_new(client, topic.c_str(), nullptr)};
  rd_kafka_metadata_t const* found{};
  auto const code = rd_kafka_metadata(client, 0, handle.get(), &found, timeout);
  return {.code = code, .found = MetadataHandle{found}};
}

}  // namespace tram::kafka
