#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "librdkafka.hpp"

namespace tram::kafka {

class ChannelRoute;

/// Asks what the brokers take as a batch of a topic. The answer comes as an event into `answers`,
/// also when the brokers do not tell. Does not wait.
void ask_batch_limit(rd_kafka_t* client, std::string const& topic, ChannelRoute& route,
                     rd_kafka_queue_t* answers);

struct BatchLimit {
  ChannelRoute& route;
  /// Nothing where the brokers do not tell, as without the right to describe the topic.
  std::optional<std::size_t> bytes;
  /// No broker answered in time.
  bool timed_out;
};

/// What an event of the kind `RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT` answers.
BatchLimit batch_limit_in(rd_kafka_event_t* answer);

}  // namespace tram::kafka
