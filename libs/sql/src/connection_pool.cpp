#include "connection_pool.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "tram/base/error.hpp"

namespace tram {
namespace {

// A clock that is not the machine's must be looked at now and then.
constexpr Duration look_interval = std::chrono::milliseconds{20};

}  // namespace

ConnectionPool::~ConnectionPool() {
  if (owner_ == 0 || is_of_this_process()) return;
  // To close them would end the parent's sessions.
  for (auto& connection : idle_) static_cast<void>(connection.release());
}

void ConnectionPool::require_this_process() {
  std::uint64_t owner = 0;
  auto const here = process_generation();
  if (owner_ == here || owner_.compare_exchange_strong(owner, here)) return;
  require_made_here(owner, "sql: the pool of " + driver_.name());
}

std::size_t ConnectionPool::make_room_for(std::size_t connections) {
  Lock const lock{mutex_};
  if (!is_fixed_) connections_max_ = std::max(connections_max_, connections);
  return connections_max_;
}

std::unique_ptr<Connection> ConnectionPool::take(Deadline deadline) {
  require_this_process();
  if (auto idle = idle_or_permission(deadline)) return idle;
  try {
    return driver_.connect(deadline);
  } catch (std::exception const&) {
    give_back(nullptr);
    throw;
  }
}

// Null is the permission to open one more.
std::unique_ptr<Connection> ConnectionPool::idle_or_permission(Deadline deadline) {
  Lock lock{mutex_};
  while (idle_.empty() && open_ >= connections_max_) {
    if (deadline.reached(clock_)) {
      throw Error{Fault::transient, "sql: all " + std::to_string(connections_max_) +
                                        " connections to " + driver_.name() +
                                        " were in use until the deadline; raise connections_max or "
                                        "shorten the transactions"};
    }
    given_back_.wait_for(mutex_, std::min(look_interval, deadline.remaining(clock_)));
  }
  if (idle_.empty()) {
    ++open_;
    return nullptr;
  }
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void ConnectionPool::give_back(std::unique_ptr<Connection> connection) noexcept {
  {
    Lock const lock{mutex_};
    if (connection) {
      idle_.push_back(std::move(connection));
    } else {
      --open_;
    }
  }
  given_back_.notify_one();
}

void ConnectionPool::close_idle() noexcept {
  std::vector<std::unique_ptr<Connection>> closing;
  {
    Lock const lock{mutex_};
    closing.swap(idle_);
    open_ -= closing.size();
  }
  given_back_.notify_all();
}

}  // namespace tram
