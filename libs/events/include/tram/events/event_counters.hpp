#pragma once

#include <atomic>
#include <cstdint>

#pragma GCC visibility push(default)

namespace tram {

/// Counts the messages given to handlers of events. Callable from any thread.
struct EventCounters {
  std::atomic<std::uint64_t> handled{};
  /// No handler has this type: no error, since other services may handle it.
  std::atomic<std::uint64_t> ignored{};
};

}  // namespace tram

#pragma GCC visibility pop
