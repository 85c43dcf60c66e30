#pragma once

#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// The longest channel name that every broker takes.
inline constexpr std::size_t channel_name_size_max = 249;

/// Lets pass what every broker takes as a topic: 1 to 249 of `a-z A-Z 0-9 . _ -`, but not `.` and
/// `..` alone. Anything else: rejected, with what is wrong and what to do.
void check_channel_name(std::string_view name);
/// The same, for a channel that is sent to: those that Kafka writes itself may only be read. Called
/// by `send`, in the caller's transaction.
void check_destination(std::string_view name);

}  // namespace tram

#pragma GCC visibility pop
