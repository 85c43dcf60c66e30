#pragma once

namespace tram {

// What programs return, besides 0 for a clean stop and 128 and its number for a signal that ends
// them at once.

/// Something it needs refused: the schema is not there, the port is taken.
inline constexpr int exit_cannot_start{3};
/// A part of it cannot go on, or ended though nobody asked it to.
inline constexpr int exit_cannot_go_on{70};
/// The stop took too long, and the process was left as it was.
inline constexpr int exit_stop_timed_out{75};

}  // namespace tram
