#include "batch_limit.hpp"

#include <charconv>
#include <span>
#include <string_view>

namespace tram::kafka {
namespace {

using ConfigHandle =
    std::unique_ptr<rd_kafka_ConfigResource_t, Destroy<rd_kafka_ConfigResource_destroy>>;

std::optional<std::size_t> number_in(std::string_view text) {
  std::size_t value{};
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool const is_number = error == std::errc{} && end == text.data() + text.size();
  return is_number ? std::optional{value} : std::nullopt;
}

std::optional<std::size_t> limit_of(rd_kafka_ConfigResource_t const* topic) {
  std::size_t count{};
  auto const* const* const settings = rd_kafka_ConfigResource_configs(topic, &count);
  for (auto const* const setting : std::span{settings, count}) {
    if (rd_kafka_ConfigEntry_name(setting) != std::string_view{"max.message.bytes"}) continue;
    auto const* const value = rd_kafka_ConfigEntry_value(setting);
    return value == nullptr ? std::nullopt : number_in(value);
  }
  return std::nullopt;
}

}  // namespace

void ask_batch_limit(rd_kafka_t* client, std::string const& topic, ChannelRoute& route,
                     rd_kafka_queue_t* answers) {
  ConfigHandle const wanted{rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str())};
  AdminOptionsHandle const options{
      rd_kafka_AdminOptions_new(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS)};
  rd_kafka_AdminOptions_set_opaque(options.get(), &route);
  auto* one = wanted.get();
  rd_kafka_DescribeConfigs(client, &one, 1, options.get(), answers);
}

BatchLimit batch_limit_in(rd_kafka_event_t* answer) {
  auto& route = *static_cast<ChannelRoute*>(rd_kafka_event_opaque(answer));
  auto const* const result = rd_kafka_event_DescribeConfigs_result(answer);
  std::size_t count{};
  auto const* const* const topics =
      result == nullptr ? nullptr : rd_kafka_DescribeConfigs_result_resources(result, &count);
  return {.route = route,
          .bytes = count == 0 ? std::nullopt : limit_of(topics[0]),
          .timed_out = rd_kafka_event_error(answer) == RD_KAFKA_RESP_ERR__TIMED_OUT};
}

}  // namespace tram::kafka
