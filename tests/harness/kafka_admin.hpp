#pragma once

#include <librdkafka/rdkafka.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

namespace tram::testing {

/// What an operator does to a group and its topics with Kafka's own tools.
class KafkaAdmin {
 public:
  explicit KafkaAdmin(std::string const& servers, std::string const& group) {
    std::array<char, 512> reason{};
    auto* const conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", servers.c_str(), reason.data(), reason.size());
    rd_kafka_conf_set(conf, "group.id", group.c_str(), reason.data(), reason.size());
    client_.reset(rd_kafka_new(RD_KAFKA_CONSUMER, conf, reason.data(), reason.size()));
    if (!client_) throw std::runtime_error{reason.data()};
  }

  /// What the group's coordinator has; below 0 when it has none.
  [[nodiscard]] std::int64_t stored(std::string const& topic, std::int32_t partition = 0) const {
    auto const list = list_of(topic, partition, 0);
    require(rd_kafka_committed(client_.get(), list.get(), patience), "read a position");
    return list->elems[0].offset;
  }
  /// What is noted beside it.
  [[nodiscard]] std::string note(std::string const& topic, std::int32_t partition = 0) const {
    auto const list = list_of(topic, partition, 0);
    require(rd_kafka_committed(client_.get(), list.get(), patience), "read a position");
    auto const& entry = list->elems[0];
    if (entry.metadata == nullptr) return {};
    return {static_cast<char const*>(entry.metadata), entry.metadata_size};
  }
  /// As a reset by hand, or with a note as a store that comes late. The answer of the coordinator,
  /// which refuses while the group has members.
  [[nodiscard]] rd_kafka_resp_err_t reset(std::string const& topic, std::int64_t position,
                                          std::string const& note = {}) const {
    auto const list = list_of(topic, 0, position);
    if (!note.empty()) {
      auto& entry = list->elems[0];
      entry.metadata = rd_kafka_mem_malloc(client_.get(), note.size());
      entry.metadata_size = note.size();
      std::memcpy(entry.metadata, note.data(), note.size());
    }
    constexpr int synchronous{0};
    auto const code = rd_kafka_commit(client_.get(), list.get(), synchronous);
    return code != RD_KAFKA_RESP_ERR_NO_ERROR ? code : list->elems[0].err;
  }
  /// As retention does, at once.
  void remove_records(std::string const& topic, std::int64_t before) const {
    auto const list = list_of(topic, 0, before);
    auto* wanted = rd_kafka_DeleteRecords_new(list.get());
    auto const queue = new_queue();
    rd_kafka_DeleteRecords(client_.get(), &wanted, 1, nullptr, queue.get());
    rd_kafka_DeleteRecords_destroy(wanted);
    await(queue.get(), "remove records");
  }
  void add_partitions(std::string const& topic, std::size_t in_all) const {
    std::array<char, 512> reason{};
    auto* wanted = rd_kafka_NewPartitions_new(topic.c_str(), in_all, reason.data(), reason.size());
    if (wanted == nullptr) throw std::runtime_error{reason.data()};
    auto const queue = new_queue();
    rd_kafka_CreatePartitions(client_.get(), &wanted, 1, nullptr, queue.get());
    rd_kafka_NewPartitions_destroy(wanted);
    await(queue.get(), "add partitions");
  }

 private:
  static constexpr int patience{20'000};
  template <auto destroy>
  struct Destroy {
    template <class Handle>
    void operator()(Handle* handle) const {
      destroy(handle);
    }
  };
  using List = std::unique_ptr<rd_kafka_topic_partition_list_t,
                               Destroy<rd_kafka_topic_partition_list_destroy>>;
  using Queue = std::unique_ptr<rd_kafka_queue_t, Destroy<rd_kafka_queue_destroy>>;
  using Event = std::unique_ptr<rd_kafka_event_t, Destroy<rd_kafka_event_destroy>>;

  static List list_of(std::string const& topic, std::int32_t partition, std::int64_t position) {
    List list{rd_kafka_topic_partition_list_new(1)};
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition)->offset = position;
    return list;
  }
  [[nodiscard]] Queue new_queue() const { return Queue{rd_kafka_queue_new(client_.get())}; }
  static void require(rd_kafka_resp_err_t code, std::string const& what) {
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
      throw std::runtime_error{what + ": " + rd_kafka_err2str(code)};
  }
  static void await(rd_kafka_queue_t* queue, std::string const& what) {
    Event const answer{rd_kafka_queue_poll(queue, patience)};
    if (!answer) throw std::runtime_error{what + ": no answer"};
    require(rd_kafka_event_error(answer.get()), what);
  }

  std::unique_ptr<rd_kafka_t, Destroy<rd_kafka_destroy>> client_;
};

}  // namespace tram::testing
