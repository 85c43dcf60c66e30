#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "tram/base/error.hpp"

namespace tram {

/// A descriptor that other threads make readable.
class LoopWakeUp final {
 public:
  /// Faults: transient, when the process has no descriptors left.
  LoopWakeUp() : descriptor_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    if (descriptor_ >= 0) return;
    throw Error{Fault::transient,
                std::string{"subscriber: cannot make an eventfd: "} + std::strerror(errno) +
                    "; raise the limit of open files (ulimit -n)",
                errno};
  }
  ~LoopWakeUp() { ::close(descriptor_); }
  LoopWakeUp(LoopWakeUp const&) = delete;
  LoopWakeUp& operator=(LoopWakeUp const&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }
  // A counter that is full already is as good as a write, so nothing is checked.
  void raise() noexcept { [[maybe_unused]] auto const written = ::eventfd_write(descriptor_, 1); }
  void lower() noexcept {
    eventfd_t count{};
    [[maybe_unused]] auto const read = ::eventfd_read(descriptor_, &count);
  }

 private:
  int descriptor_;
};

}  // namespace tram
