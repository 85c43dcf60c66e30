#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "client.hpp"
#include "metadata.hpp"
#include "questions.hpp"
#include "tram/base/deadline.hpp"
#include "tram/kafka/kafka.hpp"

namespace tram::kafka {

/// A client that lives for one administrative task. Everything here waits, until the deadline at
/// most, and no longer than until the stop.
class Admin {
 public:
  Admin(Config const& config, Clock& clock, Logger const& logger, Deadline deadline,
        std::stop_token stop);
  ~Admin();
  Admin(Admin const&) = delete;
  Admin& operator=(Admin const&) = delete;

  /// Creates those that are missing, which it returns when the cluster shows them all.
  std::vector<std::string> create_topics(std::span<std::string const> topics,
                                         std::int32_t partitions);
  /// Those of which the cluster says that they do not exist.
  std::vector<std::string> missing(std::span<std::string const> topics);
  /// Returns when a broker of the cluster answers.
  void require_answer();

 private:
  using Code = rd_kafka_resp_err_t;

  [[nodiscard]] int remaining() const;
  AdminOptionsHandle request_options(rd_kafka_admin_op_t operation);
  EventHandle await_answer(rd_kafka_queue_t* answers);
  std::vector<std::string> created(rd_kafka_CreateTopics_result_t const* result);
  void await(std::string const& topic);
  /// Of one topic; without one, whether a broker answers.
  Metadata ask(std::string const& topic);
  [[nodiscard]] Code look_up(std::string const& topic);
  [[noreturn]] void fail(Code code, std::string const& what, std::string_view text = {});

  Config const& config_;
  Clock& clock_;
  Deadline deadline_;
  std::stop_token stop_;
  std::shared_ptr<ClientUses> uses_;
  ClientHooks& hooks_{uses_->hooks};
  /// The last trouble that the client reported by itself: often the cause of a time-out.
  Code cause_{RD_KAFKA_RESP_ERR_NO_ERROR};
  std::string cause_text_;
  ClientHandle client_;
  // Shared with the thread that ends the client, and destroyed before it.
  std::shared_ptr<Questions> questions_{std::make_shared<Questions>()};
};

}  // namespace tram::kafka
