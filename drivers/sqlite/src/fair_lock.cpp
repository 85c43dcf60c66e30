#include "fair_lock.hpp"

#include <algorithm>
#include <map>

#include "database_file.hpp"

namespace tram::sqlite {
namespace {

/// SQLite keeps the databases in memory in one table of the process, by name, and who shares one
/// has nothing in common but that name.
struct Lines {
  Mutex mutex;
  std::map<std::string, std::weak_ptr<FairLock>> by_path TRAM_GUARDED_BY(mutex);
};

Lines& lines() {
  static Lines all;
  return all;
}

}  // namespace

std::shared_ptr<FairLock> FairLock::of(std::string const& path) {
  if (file_of(path)) return nullptr;
  auto& [mutex, by_path] = lines();
  Lock const lock{mutex};
  std::erase_if(by_path, [](auto const& each) { return each.second.expired(); });
  auto& known = by_path[path];
  auto line = known.lock();
  if (!line) known = line = std::make_shared<FairLock>();
  return line;
}

bool FairLock::enter(Access access, Duration longest) {
  Lock const lock{mutex_};
  if (waiters_.empty() && is_free_for(access)) {
    take(access);
    return true;
  }
  Waiter waiter{.access = access};
  waiters_.push_back(&waiter);
  waiter.news.wait_for(mutex_, longest, [&] { return waiter.served; });
  if (waiter.served) return true;
  std::erase(waiters_, &waiter);
  serve();
  return false;
}

void FairLock::leave(Access access) {
  Lock const lock{mutex_};
  if (access == Access::read_only) --readers_;
  else is_written_ = false;
  serve();
}

bool FairLock::is_free_for(Access access) const {
  return !is_written_ && (access == Access::read_only || readers_ == 0);
}

void FairLock::take(Access access) {
  if (access == Access::read_only) ++readers_;
  else is_written_ = true;
}

void FairLock::serve() {
  while (!waiters_.empty() && is_free_for(waiters_.front()->access)) {
    auto& next = *waiters_.front();
    waiters_.pop_front();
    take(next.access);
    next.served = true;
    next.news.notify_one();
  }
}

FairLockGuard::FairLockGuard(FairLock* line, Access access, Duration longest) : access_{access} {
  if (line != nullptr && line->enter(access, std::min(longest, patience))) line_ = line;
}

}  // namespace tram::sqlite
