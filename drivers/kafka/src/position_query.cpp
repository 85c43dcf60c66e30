#include "position_query.hpp"

#include <utility>

#include "metadata.hpp"

namespace tram::kafka {

void PositionQuery::ask(rd_kafka_topic_partition_list_t const* partitions,
                        std::chrono::milliseconds timeout) {
  partitions_.reset(rd_kafka_topic_partition_list_copy(partitions));
  ask(About::positions, [this, timeout] {
    return rd_kafka_committed(client_, partitions_.get(), static_cast<int>(timeout.count()));
  });
}

void PositionQuery::ask(rd_kafka_topic_partition_list_t const* partitions,
                        std::shared_ptr<LateStart> group, std::chrono::milliseconds timeout) {
  partitions_.reset(rd_kafka_topic_partition_list_copy(partitions));
  ask(About::positions, [this, group = std::move(group), timeout] {
    return group->look_up(partitions_.get(), timeout);
  });
}

void PositionQuery::ask_for_beginnings(PartitionsHandle partitions,
                                       std::chrono::milliseconds timeout) {
  partitions_ = std::move(partitions);
  ask_for_places(About::beginnings, RD_KAFKA_OFFSET_BEGINNING, timeout);
}

void PositionQuery::ask_for_ends(PartitionsHandle partitions, std::chrono::milliseconds timeout) {
  partitions_ = std::move(partitions);
  ask_for_places(About::ends, RD_KAFKA_OFFSET_END, timeout);
}

void PositionQuery::ask_for_places(About about, std::int64_t place,
                                   std::chrono::milliseconds timeout) {
  for (int i = 0; i < partitions_->cnt; ++i) partitions_->elems[i].offset = place;
  ask(about, [this, timeout] {
    return rd_kafka_offsets_for_times(client_, partitions_.get(),
                                      static_cast<int>(timeout.count()));
  });
}

void PositionQuery::ask_for_a_sign(std::string const& channel, std::chrono::milliseconds timeout) {
  partitions_.reset();
  ask(About::nothing, [this, channel, timeout] {
    return metadata_of(client_, channel, static_cast<int>(timeout.count())).code;
  });
}

void PositionQuery::ask(About about, std::function<rd_kafka_resp_err_t()> question) {
  about_ = about;
  answered_ = false;
  asking_ = true;
  thread_ = std::jthread{[this, question = std::move(question)] {
    code_ = question();
    answered_ = true;
    news_.ring();
  }};
}

std::optional<PositionQuery::Answer> PositionQuery::take() {
  if (!asking_ || !answered_) return std::nullopt;
  thread_.join();
  asking_ = false;
  if (code_ != RD_KAFKA_RESP_ERR_NO_ERROR)
    return Answer{.about = about_, .code = code_, .partitions = nullptr};
  return Answer{.about = about_, .code = code_, .partitions = std::move(partitions_)};
}

}  // namespace tram::kafka
