#pragma once

#include "tram/base/detail/chrono.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// In clock.hpp.
class Clock;

using Duration = std::chrono::nanoseconds;
/// Civil time, for what people and other services read: dates in headers, `creation_time`.
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
/// Time that never steps back, for deadlines and pauses.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;

}  // namespace tram

#pragma GCC visibility pop
