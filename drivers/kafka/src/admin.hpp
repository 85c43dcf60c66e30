#pragma once

#include <span>
#include <string>

#include "client.hpp"
#include "tram/base/deadline.hpp"
#include "tram/kafka/kafka.hpp"

namespace tram::kafka {

/// A client that lives for one administrative task. Everything here waits, until the deadline at
/// most.
class Admin {
 public:
  Admin(Config const& config, Clock& clock, Logger const& logger, Deadline deadline);
  ~Admin();
  Admin(Admin const&) = delete;
  Admin& operator=(Admin const&) = delete;

  /// Creates those that are missing, and returns when the cluster shows them all.
  void create_topics(std::span<std::string const> topics, std::int32_t partitions);
  /// Returns when a broker of the cluster answers.
  void require_answer();

 private:
  using Code = rd_kafka_resp_err_t;

  [[nodiscard]] int remaining() const;
  AdminOptionsHandle request_options();
  EventHandle await_answer(rd_kafka_queue_t* answers);
  void check_created(rd_kafka_CreateTopics_result_t const* result);
  void await(std::string const& topic);
  [[nodiscard]] Code look_up(std::string const& topic);
  [[noreturn]] void fail(Code code, std::string const& what, std::string_view text = {});

  Config const& config_;
  Clock& clock_;
  Deadline deadline_;
  std::shared_ptr<ClientUses> uses_;
  ClientHooks& hooks_{uses_->hooks};
  /// The last trouble that the client reported by itself: often the cause of a time-out.
  Code cause_{RD_KAFKA_RESP_ERR_NO_ERROR};
  std::string cause_text_;
  ClientHandle client_;
};

}  // namespace tram::kafka
