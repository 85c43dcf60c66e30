#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "configuration.hpp"
#include "event_descriptor.hpp"
#include "librdkafka.hpp"
#include "tram/base/log.hpp"
#include "tram/base/time.hpp"

namespace tram::kafka {

/// What librdkafka calls, and who is told. Must outlive its client and stay where it is.
class ClientHooks {
 public:
  using Code = rd_kafka_resp_err_t;
  explicit ClientHooks(Logger const& logger) : logger_{logger} {}
  ClientHooks(ClientHooks const&) = delete;
  ClientHooks& operator=(ClientHooks const&) = delete;

  /// Trouble that is not about one record or partition. In the thread that polls.
  std::function<void(Code, std::string const& text)> on_error;
  /// In the thread that polls.
  std::function<void(Code, rd_kafka_topic_partition_list_t*)> on_rebalance;
  std::function<void(Code, rd_kafka_topic_partition_list_t*)> on_stored;

  [[nodiscard]] Logger const& logger() const { return logger_; }
  /// Raises what went wrong in a hook; to be called after each call that may run hooks.
  void rethrow();
  /// Has these hooks called. Only those that are set.
  void install(rd_kafka_conf_t* conf);
  /// Runs a hook where no exception may pass.
  void guarded(std::function<void()> const& hook) noexcept;

 private:
  Logger logger_;
  std::exception_ptr escaped_;
};

/// What a client's threads use, which lives as long as they do.
struct ClientUses {
  explicit ClientUses(Logger const& logger) : hooks{logger} {}
  ClientHooks hooks;
  EventDescriptor news;
};

/// Ends a client, in a thread of its own: librdkafka joins its threads, and these may look up names
/// or hang. Waits so long for it; what has not ended by then is left behind, with `used`, which its
/// threads may still use, and the log names it. `first` is let go before the client ends.
void end_client(ClientHandle client, std::shared_ptr<void> used, Logger const& logger,
                Duration patience, std::shared_ptr<void> first = nullptr);
/// What a destructor waits, where nobody has set a deadline.
inline constexpr Duration end_patience{std::chrono::seconds{1}};
/// The same, when a stop is waiting.
inline constexpr Duration end_patience_at_stop{std::chrono::milliseconds{100}};

/// Faults: rejected, with librdkafka's reason.
ClientHandle make_client(rd_kafka_type_t type, ConfHandle conf);

}  // namespace tram::kafka
