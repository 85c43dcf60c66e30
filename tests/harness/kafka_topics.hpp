#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>

namespace tram::testing {

/// Creates a topic that takes only batches up to so many bytes.
inline void create_small_topic(std::string const& servers, std::string const& topic,
                               int batch_bytes_max) {
  std::array<char, 512> reason{};
  auto* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", servers.c_str(), reason.data(), reason.size());
  std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)> const client{
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size()), rd_kafka_destroy};
  if (!client) throw std::runtime_error{reason.data()};
  std::unique_ptr<rd_kafka_NewTopic_t, void (*)(rd_kafka_NewTopic_t*)> const wanted{
      rd_kafka_NewTopic_new(topic.c_str(), 1, 1, reason.data(), reason.size()),
      rd_kafka_NewTopic_destroy};
  rd_kafka_NewTopic_set_config(wanted.get(), "max.message.bytes",
                               std::to_string(batch_bytes_max).c_str());
  std::unique_ptr<rd_kafka_queue_t, void (*)(rd_kafka_queue_t*)> const answers{
      rd_kafka_queue_new(client.get()), rd_kafka_queue_destroy};
  auto* topics = wanted.get();
  rd_kafka_CreateTopics(client.get(), &topics, 1, nullptr, answers.get());
  std::unique_ptr<rd_kafka_event_t, void (*)(rd_kafka_event_t*)> const answer{
      rd_kafka_queue_poll(answers.get(), 20'000), rd_kafka_event_destroy};
  if (answer == nullptr || rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error{"cannot create " + topic};
  }
}

/// Returns when the topic is gone.
inline void delete_topic(std::string const& servers, std::string const& topic) {
  std::array<char, 512> reason{};
  auto* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", servers.c_str(), reason.data(), reason.size());
  std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)> const client{
      rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size()), rd_kafka_destroy};
  if (!client) throw std::runtime_error{reason.data()};
  std::unique_ptr<rd_kafka_DeleteTopic_t, void (*)(rd_kafka_DeleteTopic_t*)> const unwanted{
      rd_kafka_DeleteTopic_new(topic.c_str()), rd_kafka_DeleteTopic_destroy};
  std::unique_ptr<rd_kafka_queue_t, void (*)(rd_kafka_queue_t*)> const answers{
      rd_kafka_queue_new(client.get()), rd_kafka_queue_destroy};
  auto* topics = unwanted.get();
  rd_kafka_DeleteTopics(client.get(), &topics, 1, nullptr, answers.get());
  std::unique_ptr<rd_kafka_event_t, void (*)(rd_kafka_event_t*)> const answer{
      rd_kafka_queue_poll(answers.get(), 20'000), rd_kafka_event_destroy};
  if (answer == nullptr || rd_kafka_event_error(answer.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw std::runtime_error{"cannot delete " + topic};
  }
}

}  // namespace tram::testing
