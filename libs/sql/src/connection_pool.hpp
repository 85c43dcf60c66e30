#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/mutex.hpp"
#include "tram/base/process_family.hpp"
#include "tram/sql/connection.hpp"

namespace tram {

/// Connections that are lent to one user at a time. Callable from any thread. They belong to the
/// process that opened them: a child that is forked from it neither uses nor closes them.
class ConnectionPool {
 public:
  /// Without a number it has ten, until `make_room_for` asks for more.
  ConnectionPool(DatabaseDriver& driver, std::optional<std::size_t> connections_max, Clock& clock)
      : driver_{driver},
        is_fixed_{connections_max.has_value()},
        clock_{clock},
        connections_max_{connections_max.value_or(10)} {}
  ~ConnectionPool();
  ConnectionPool(ConnectionPool const&) = delete;
  ConnectionPool& operator=(ConnectionPool const&) = delete;

  [[nodiscard]] bool is_of_this_process() const { return owner_ == process_generation(); }
  /// Faults: rejected, in a child of the process that the connections are of.
  void require_this_process();

  /// How many it may have now.
  std::size_t make_room_for(std::size_t connections) TRAM_EXCLUDES(mutex_);

  /// An idle connection, or a new one, or the next one that is given back. Faults: those of
  /// connecting, and transient when none is free before the deadline.
  std::unique_ptr<Connection> take(Deadline deadline) TRAM_EXCLUDES(mutex_);
  /// Gives back a connection that may be used again, or null for one that is finished.
  void give_back(std::unique_ptr<Connection> connection) noexcept TRAM_EXCLUDES(mutex_);
  /// Closes what is idle: where one connection was lost, the others of its age mostly are, too.
  void close_idle() noexcept TRAM_EXCLUDES(mutex_);

 private:
  std::unique_ptr<Connection> idle_or_permission(Deadline deadline) TRAM_EXCLUDES(mutex_);

  DatabaseDriver& driver_;
  /// 0 before the first connection.
  std::atomic<std::uint64_t> owner_{0};
  bool is_fixed_;
  Clock& clock_;
  Mutex mutex_;
  std::size_t connections_max_ TRAM_GUARDED_BY(mutex_);
  std::condition_variable_any given_back_;
  std::vector<std::unique_ptr<Connection>> idle_ TRAM_GUARDED_BY(mutex_);
  /// Idle or lent.
  std::size_t open_ TRAM_GUARDED_BY(mutex_){};
};

}  // namespace tram
