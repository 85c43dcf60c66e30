#include "position_notes.hpp"

#include <cstring>

namespace tram::kafka {

PositionNote note_of(rd_kafka_topic_partition_t const& position) {
  if (position.metadata == nullptr) return {};
  return PositionNote::read({static_cast<char const*>(position.metadata), position.metadata_size});
}

void set_note(rd_kafka_t* client, rd_kafka_topic_partition_t& position, PositionNote const& note) {
  auto const text = note.text();
  if (position.metadata != nullptr) rd_kafka_mem_free(client, position.metadata);
  position.metadata = nullptr;
  position.metadata_size = text.size();
  if (text.empty()) return;
  position.metadata = rd_kafka_mem_malloc(client, text.size());
  std::memcpy(position.metadata, text.data(), text.size());
}

}  // namespace tram::kafka
