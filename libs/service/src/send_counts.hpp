#pragma once

#include <cstdint>
#include <exception>
#include <map>
#include <string>

#include "tram/base/mutex.hpp"
#include "tram/messaging/interceptor.hpp"

namespace tram {

/// Counts what is written into the outbox, by channel.
class SendCounts final : public MessageInterceptor {
 public:
  struct Counts {
    std::uint64_t sent{};
    std::uint64_t refused{};
  };

  void after_send(Message const& message, std::exception_ptr const& error) override
      TRAM_EXCLUDES(mutex_);
  [[nodiscard]] std::map<std::string, Counts> counts() const TRAM_EXCLUDES(mutex_);

 private:
  mutable Mutex mutex_;
  std::map<std::string, Counts> counts_ TRAM_GUARDED_BY(mutex_);
};

}  // namespace tram
