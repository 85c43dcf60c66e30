#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/mutex.hpp"
#include "tram/sql/connection.hpp"

namespace tram::sqlite {

/// Where the connections of this process to one database in memory wait for each other, first come,
/// first served: one writes, or several read.
///
/// SQLite has the same rule there, but tells whoever comes too early only that it is busy; asking
/// again from time to time, one meets the lock free by luck, and a relay beside writers hardly
/// ever. SQLite's lock stays what counts: whoever is not served in time goes on without a turn.
/// Callable from any thread.
class FairLock {
 public:
  /// The one of this path or URI; nothing for a file, where SQLite lets read while one writes.
  static std::shared_ptr<FairLock> of(std::string const& path);

  /// False when the turn did not come within `patience`.
  bool enter(Access access, Duration patience) TRAM_EXCLUDES(mutex_);
  /// Ends a turn that `enter` gave.
  void leave(Access access) TRAM_EXCLUDES(mutex_);

 private:
  struct Waiter {
    Access access;
    bool served{};
    std::condition_variable_any news{};
  };
  [[nodiscard]] bool is_free_for(Access access) const TRAM_REQUIRES(mutex_);
  void take(Access access) TRAM_REQUIRES(mutex_);
  void serve() TRAM_REQUIRES(mutex_);

  Mutex mutex_;
  std::deque<Waiter*> waiters_ TRAM_GUARDED_BY(mutex_);
  std::size_t readers_ TRAM_GUARDED_BY(mutex_){};
  bool is_written_ TRAM_GUARDED_BY(mutex_){};
};

/// A turn in a line, if there is one, given back at the end.
class FairLockGuard {
 public:
  /// Far more than a transaction takes; whoever waits longer may wait for himself.
  static constexpr Duration patience{std::chrono::milliseconds{20}};

  /// Waits for it, no longer than `longest` and `patience`. `line` may be null and outlives the
  /// turn.
  FairLockGuard(FairLock* line, Access access, Duration longest = patience);
  ~FairLockGuard() {
    if (line_ != nullptr) line_->leave(access_);
  }
  FairLockGuard(FairLockGuard const&) = delete;
  FairLockGuard& operator=(FairLockGuard const&) = delete;

 private:
  FairLock* line_{};
  Access access_{};
};

}  // namespace tram::sqlite
