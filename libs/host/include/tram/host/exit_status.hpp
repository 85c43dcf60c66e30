#pragma once

#pragma GCC visibility push(default)

namespace tram {

// What programs return, besides 0 for a clean stop and 128 and its number for a signal that ends
// them at once.

/// A requirement is not met: the schema is missing, the port is taken.
inline constexpr int exit_cannot_start{3};
/// A component failed or exited unexpectedly.
inline constexpr int exit_cannot_go_on{70};
/// The stop took too long, so the process exited without finishing it.
inline constexpr int exit_stop_timed_out{75};

}  // namespace tram

#pragma GCC visibility pop
