#include "tram/service/interceptors.hpp"

#include <map>
#include <string>
#include <utility>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/mutex.hpp"
#include "tram/sql/transaction.hpp"

namespace tram {
namespace {

std::int64_t microseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

/// The id, also for what has none.
std::string id_of(Message const& message) {
  return std::string{message.headers.find("ID").value_or("")};
}

class SendingLog final : public MessageInterceptor {
 public:
  SendingLog(Logger logger, LogLevel level) : logger_{std::move(logger)}, level_{level} {}

  void after_send(Message const& message, std::exception_ptr const& error) override {
    if (error) return logger_.warning("outbox.refused", {{"channel", message.destination()}});
    logger_.write(level_, "outbox.sent",
                  {{"channel", message.destination()}, {"id", id_of(message)}});
  }

 private:
  Logger logger_;
  LogLevel level_;
};

/// Counts how often each message lost its race in a row.
class Reruns final : public MessageInterceptor {
 public:
  Reruns(std::function<bool(std::exception const&)> lost_race, RerunPolicy policy)
      : lost_race_{std::move(lost_race)}, policy_{policy} {
    if (policy.runs_max >= 2 && policy.runs_max <= 5) return;
    throw Error{Fault::rejected, "rerun: runs_max is " + std::to_string(policy.runs_max) +
                                     "; a handler runs 2 to 5 times in a row"};
  }

  void handle(Transaction& tx, IncomingMessage const& incoming,
              MessageHandler const& next) override {
    try {
      next(tx, incoming);
    } catch (std::exception const& error) {
      if (!lost_race_(error) || !may_run_again(incoming)) throw;
      throw Error{Fault::conflict, "handler of '" + incoming.subscriber_id + "': " + error.what() +
                                       "; it runs again"};
    }
    forget(incoming);
  }

 private:
  using Key = std::pair<TopicPartition, Position>;

  bool may_run_again(IncomingMessage const& incoming) TRAM_EXCLUDES(mutex_) {
    Lock const lock{mutex_};
    Key const key{incoming.source, incoming.position};
    bool const again = ++runs_[key] < policy_.runs_max;
    if (!again) runs_.erase(key);
    return again;
  }
  void forget(IncomingMessage const& incoming) TRAM_EXCLUDES(mutex_) {
    Lock const lock{mutex_};
    if (!runs_.empty()) runs_.erase({incoming.source, incoming.position});
  }

  std::function<bool(std::exception const&)> lost_race_;
  RerunPolicy policy_;
  Mutex mutex_;
  std::map<Key, int> runs_ TRAM_GUARDED_BY(mutex_);
};

}  // namespace

std::shared_ptr<MessageInterceptor> log_handling(Logger logger, Clock& clock, LogLevel level) {
  return around_handlers(
      [logger = std::move(logger), &clock, level](Transaction& tx, IncomingMessage const& incoming,
                                                  MessageHandler const& next) {
        auto const began = clock.steady();
        auto const write = [&](LogLevel its_level, std::string_view event, std::string_view error) {
          logger.write(its_level, event,
                       {{"subscriber", incoming.subscriber_id},
                        {"channel", incoming.source.channel},
                        {"id", id_of(incoming.message)},
                        {"attempt", incoming.attempt},
                        {"microseconds", microseconds(clock.steady() - began)},
                        {"trace", tx.context().traceparent},
                        {"error", error}});
        };
        try {
          next(tx, incoming);
        } catch (std::exception const& error) {
          write(LogLevel::warning, "handler.failed", error.what());
          throw;
        }
        write(level, "handler.done", "");
      });
}

std::shared_ptr<MessageInterceptor> log_sending(Logger logger, LogLevel level) {
  return std::make_shared<SendingLog>(std::move(logger), level);
}

std::shared_ptr<MessageInterceptor> rerun_when(std::function<bool(std::exception const&)> lost_race,
                                               RerunPolicy policy) {
  return std::make_shared<Reruns>(std::move(lost_race), policy);
}

}  // namespace tram
