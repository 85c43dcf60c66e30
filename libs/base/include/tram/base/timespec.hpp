#pragma once

#include <ctime>

#include "tram/base/detail/chrono.hpp"
#include "tram/base/time.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// For ppoll(2). `duration` must not be negative.
inline timespec to_timespec(Duration duration) {
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  return {.tv_sec = seconds.count(), .tv_nsec = (duration - seconds).count()};
}

}  // namespace tram

#pragma GCC visibility pop
