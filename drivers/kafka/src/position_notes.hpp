#pragma once

#include "landmark.hpp"
#include "librdkafka.hpp"

namespace tram::kafka {

/// What is noted beside a position that the coordinator gave.
PositionNote note_of(rd_kafka_topic_partition_t const& position);
/// Replaces it in a position that is to be stored.
void set_note(rd_kafka_t* client, rd_kafka_topic_partition_t& position, PositionNote const& note);

}  // namespace tram::kafka
