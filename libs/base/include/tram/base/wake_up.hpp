#pragma once

#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

/// A descriptor that other threads make readable, for a thread that waits in poll(2). Nothing here
/// waits.
///
///     queue.push(item);
///     wake_up.raise();  // poll(2) on wake_up.descriptor() returns in the other thread
class WakeUp final {
 public:
  /// `owner` is named in the error: `relay`. Throws: transient, when the process has no descriptors
  /// left.
  explicit WakeUp(std::string_view owner);
  ~WakeUp();
  WakeUp(WakeUp const&) = delete;
  WakeUp& operator=(WakeUp const&) = delete;

  /// Readable from a `raise` to the next `lower`.
  [[nodiscard]] int descriptor() const { return descriptor_; }
  /// Callable from any thread, and from a `std::stop_callback`.
  void raise() noexcept;
  /// Takes back whatever was raised. Check for news after this call, so that nothing is missed.
  void lower() noexcept;

 private:
  int descriptor_;
};

}  // namespace tram

#pragma GCC visibility pop
