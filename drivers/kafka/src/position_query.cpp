#include "position_query.hpp"

#include <utility>

namespace tram::kafka {

void PositionQuery::ask(rd_kafka_topic_partition_list_t const* partitions,
                        std::chrono::milliseconds timeout) {
  partitions_.reset(rd_kafka_topic_partition_list_copy(partitions));
  answered_ = false;
  asking_ = true;
  thread_ = std::jthread{[this, timeout] {
    code_ = rd_kafka_committed(client_, partitions_.get(), static_cast<int>(timeout.count()));
    answered_ = true;
    news_.ring();
  }};
}

std::optional<PositionQuery::Answer> PositionQuery::take() {
  if (!asking_ || !answered_) return std::nullopt;
  thread_.join();
  asking_ = false;
  if (code_ != RD_KAFKA_RESP_ERR_NO_ERROR) return Answer{.code = code_, .partitions = nullptr};
  return Answer{.code = code_, .partitions = std::move(partitions_)};
}

}  // namespace tram::kafka
