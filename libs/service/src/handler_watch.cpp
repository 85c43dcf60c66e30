#include "handler_watch.hpp"

#include <algorithm>

namespace tram {
namespace {

constexpr Duration look_interval{std::chrono::seconds{1}};

std::int64_t milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

}  // namespace

/// One run, from its beginning to its end.
class HandlerWatch::Noted {
 public:
  Noted(HandlerWatch& watch, IncomingMessage const& incoming)
      : watch_{watch}, running_{&incoming, watch.clock_.steady(), watch.slow_after_} {
    Lock const lock{watch_.mutex_};
    watch_.all_.push_back(&running_);
  }
  ~Noted() {
    Lock const lock{watch_.mutex_};
    std::erase(watch_.all_, &running_);
  }
  Noted(Noted const&) = delete;
  Noted& operator=(Noted const&) = delete;

 private:
  HandlerWatch& watch_;
  Running running_;
};

std::shared_ptr<MessageInterceptor> HandlerWatch::interceptor() {
  return around_handlers(
      [this](Transaction& tx, IncomingMessage const& incoming, MessageHandler const& next) {
        Noted const noted{*this, incoming};
        next(tx, incoming);
      });
}

void HandlerWatch::run(std::stop_token const& stop) {
  while (!stop.stop_requested()) {
    look();
    clock_.pause(std::min(look_interval, slow_after_), stop);
  }
}

void HandlerWatch::look() {
  auto const now = clock_.steady();
  // The log takes a tenth of a second at most, and a run that ends meanwhile waits for it.
  Lock const lock{mutex_};
  for (auto* running : all_) {
    auto const duration = now - running->since;
    if (duration < running->told_after) continue;
    tell(*running, duration);
    running->told_after = duration * 2;
  }
}

void HandlerWatch::tell(Running const& running, Duration duration) const {
  auto const& incoming = *running.incoming;
  logger_.warning("service.handler_blocks", {{"subscriber", incoming.subscriber_id},
                                             {"channel", incoming.source.channel},
                                             {"message", incoming.id()},
                                             {"key", incoming.key},
                                             {"attempt", incoming.attempt},
                                             {"running_ms", milliseconds(duration)}});
}

}  // namespace tram
