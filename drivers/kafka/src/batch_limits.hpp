#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "tram/base/mutex.hpp"

namespace tram::kafka {

/// What the brokers take as a batch of each channel, as they said when it was prepared. Callable
/// from any thread.
class BatchLimits {
 public:
  /// 0 where that is not known: it was not asked, or may not be told.
  [[nodiscard]] std::size_t of(std::string_view channel) const TRAM_EXCLUDES(mutex_) {
    Lock const lock{mutex_};
    auto const found = limits_.find(channel);
    return found == limits_.end() ? 0 : found->second;
  }
  void set(std::string const& channel, std::size_t bytes) TRAM_EXCLUDES(mutex_) {
    Lock const lock{mutex_};
    limits_.insert_or_assign(channel, bytes);
  }

 private:
  mutable Mutex mutex_;
  std::map<std::string, std::size_t, std::less<>> limits_ TRAM_GUARDED_BY(mutex_);
};

}  // namespace tram::kafka
