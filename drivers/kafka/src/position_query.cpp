#include "position_query.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace tram::kafka {
namespace {

using QuestionHandle = std::unique_ptr<rd_kafka_ListConsumerGroupOffsets_t,
                                       Destroy<rd_kafka_ListConsumerGroupOffsets_destroy>>;

}  // namespace

PositionQuery::PositionQuery(rd_kafka_t* client, std::string group, EventDescriptor const& news)
    : client_{client}, group_{std::move(group)}, answers_{rd_kafka_queue_new(client)} {
  news.watch(answers_.get());
}

void PositionQuery::ask(rd_kafka_topic_partition_list_t const* partitions,
                        std::chrono::milliseconds timeout) {
  std::array<char, 512> reason{};
  AdminOptionsHandle const options{
      rd_kafka_AdminOptions_new(client_, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS)};
  rd_kafka_AdminOptions_set_request_timeout(options.get(), static_cast<int>(timeout.count()),
                                            reason.data(), reason.size());
  QuestionHandle const question{rd_kafka_ListConsumerGroupOffsets_new(group_.c_str(), partitions)};
  auto* questions = question.get();
  rd_kafka_ListConsumerGroupOffsets(client_, &questions, 1, options.get(), answers_.get());
  asking_ = true;
}

std::optional<PositionQuery::Answer> PositionQuery::take() {
  if (!asking_) return std::nullopt;
  EventHandle const event{rd_kafka_queue_poll(answers_.get(), 0)};
  if (!event) return std::nullopt;
  asking_ = false;
  Answer answer{.code = rd_kafka_event_error(event.get()), .partitions = nullptr};
  if (answer.code != RD_KAFKA_RESP_ERR_NO_ERROR) return answer;
  std::size_t count{};
  auto const* const* const groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &count);
  if (count != 1) return Answer{.code = RD_KAFKA_RESP_ERR__FAIL, .partitions = nullptr};
  if (auto const* const error = rd_kafka_group_result_error(groups[0]); error != nullptr) {
    return Answer{.code = rd_kafka_error_code(error), .partitions = nullptr};
  }
  answer.partitions.reset(
      rd_kafka_topic_partition_list_copy(rd_kafka_group_result_partitions(groups[0])));
  return answer;
}

}  // namespace tram::kafka
