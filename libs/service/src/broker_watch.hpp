#pragma once

#include <stop_token>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/log.hpp"
#include "tram/base/mutex.hpp"
#include "tram/broker/broker.hpp"

namespace tram {

/// Looks from time to time whether the broker answers: a relay or a subscription with nothing to do
/// would not notice.
class BrokerWatch final {
 public:
  /// `broker` and `clock` outlive it.
  BrokerWatch(Broker& broker, Clock& clock, Logger logger, Duration interval)
      : broker_{broker}, clock_{clock}, logger_{std::move(logger)}, interval_{interval} {}

  /// Looks now. Waits some seconds at most, and no longer than until the stop.
  void look(std::stop_token const& stop = {}) TRAM_EXCLUDES(mutex_);
  void run(std::stop_token const& stop);
  /// Of the last look, empty when all was well. Callable from any thread; never waits.
  [[nodiscard]] std::string trouble() const TRAM_EXCLUDES(mutex_);

 private:
  void set_trouble(std::string trouble) TRAM_EXCLUDES(mutex_);

  Broker& broker_;
  Clock& clock_;
  Logger logger_;
  Duration interval_;
  mutable Mutex mutex_;
  std::string trouble_ TRAM_GUARDED_BY(mutex_){"it has not answered yet"};
};

}  // namespace tram
