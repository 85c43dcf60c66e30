#pragma once

#include <chrono>
#include <string_view>

#include "tram/base/time.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The longest time that an option may have. Sums of a few still fit into a `Duration`.
inline constexpr std::chrono::hours option_time_max{24 * 3650};

/// Refuses a time that no option can have: less than `shortest`, or more than `option_time_max`.
/// `owner` and `option` name it. Throws: rejected.
void require_time(std::string_view owner, std::string_view option, Duration value,
                  Duration shortest = Duration::zero());
/// The same for a time that counts in milliseconds, which may be longer than any `Duration`.
void require_time(std::string_view owner, std::string_view option, std::chrono::milliseconds value);

/// The same for the pause of a loop, which must not spin: a millisecond at least.
void require_pause(std::string_view owner, std::string_view option, Duration value);

/// Refuses a number below `lowest`. Throws: rejected.
void require_number(std::string_view owner, std::string_view option, double value, double lowest);

}  // namespace tram

#pragma GCC visibility pop
