#pragma once

#include <atomic>
#include <cstdint>

namespace tram {

/// What became of the messages that the handlers of events were given. Callable from any thread.
struct EventCounters {
  std::atomic<std::uint64_t> handled{};
  /// No handler is for this type: other services' business, and no error.
  std::atomic<std::uint64_t> ignored{};
};

}  // namespace tram
