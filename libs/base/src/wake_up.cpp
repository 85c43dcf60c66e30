#include "tram/base/wake_up.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "tram/base/error.hpp"

namespace tram {

WakeUp::WakeUp(std::string_view owner) : descriptor_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  if (descriptor_ >= 0) return;
  throw Error{Fault::transient,
              std::string{owner} + ": cannot make an eventfd: " + std::strerror(errno) +
                  "; raise the limit of open files (ulimit -n)",
              errno};
}

WakeUp::~WakeUp() { ::close(descriptor_); }

// A counter that is full already is as good as a write, so nothing is checked.
void WakeUp::raise() noexcept {
  [[maybe_unused]] auto const written = ::eventfd_write(descriptor_, 1);
}

void WakeUp::lower() noexcept {
  eventfd_t count{};
  [[maybe_unused]] auto const taken = ::eventfd_read(descriptor_, &count);
}

}  // namespace tram
