#include "open_connections.hpp"

#include <sys/socket.h>

namespace tram::http {

void OpenConnections::opened(int descriptor) {
  Lock const lock{mutex_};
  since_[descriptor] = clock_.steady();
}

void OpenConnections::closed(int descriptor) {
  Lock const lock{mutex_};
  since_.erase(descriptor);
}

void OpenConnections::request_began() {
  Lock const lock{mutex_};
  ++requests_;
}

void OpenConnections::request_ended(int descriptor) {
  Lock const lock{mutex_};
  --requests_;
  if (auto const found = since_.find(descriptor); found != since_.end())
    found->second = clock_.steady();
  ended_.notify_all();
}

void OpenConnections::shut_down_overdue() {
  Lock const lock{mutex_};
  auto const now = clock_.steady();
  for (auto const& [descriptor, since] : since_) {
    // Never waits, so it may stand under the lock, which keeps the descriptor from being closed.
    if (now - since > request_timeout_) ::shutdown(descriptor, SHUT_RDWR);
  }
}

void OpenConnections::wait_for_requests(Duration timeout) {
  mutex_.lock();
  ended_.wait_for(mutex_, timeout, [this]() TRAM_REQUIRES(mutex_) { return requests_ == 0; });
  mutex_.unlock();
}

}  // namespace tram::http
