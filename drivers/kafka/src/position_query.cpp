#include "position_query.hpp"

#include <utility>

#include "metadata.hpp"

namespace tram::kafka {

void PositionQuery::ask(rd_kafka_topic_partition_list_t const* partitions,
                        std::chrono::milliseconds timeout) {
  partitions_.reset(rd_kafka_topic_partition_list_copy(partitions));
  ask([this, timeout] {
    return rd_kafka_committed(client_, partitions_.get(), static_cast<int>(timeout.count()));
  });
}

void PositionQuery::ask_for_a_sign(std::string const& channel, std::chrono::milliseconds timeout) {
  partitions_.reset();
  ask([this, channel, timeout] {
    return metadata_of(client_, channel, static_cast<int>(timeout.count())).code;
  });
}

void PositionQuery::ask(std::function<rd_kafka_resp_err_t()> question) {
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
  if (code_ != RD_KAFKA_RESP_ERR_NO_ERROR) return Answer{.code = code_, .partitions = nullptr};
  return Answer{.code = code_, .partitions = std::move(partitions_)};
}

}  // namespace tram::kafka
