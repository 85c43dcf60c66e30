#include "news.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "tram/base/error.hpp"

namespace tram::embedded {

News::News() : descriptor_{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
  if (descriptor_ >= 0) return;
  throw Error{Fault::transient,
              std::string{"embedded: cannot make an eventfd: "} + std::strerror(errno) +
                  "; raise the limit of open files (ulimit -n)",
              errno};
}

News::~News() { ::close(descriptor_); }

void News::ring() noexcept {
  if (rung_.exchange(true)) return;
  // Fails only for a counter that is full, and then the descriptor is readable anyway.
  [[maybe_unused]] auto const written = ::eventfd_write(descriptor_, 1);
}

void News::clear() noexcept {
  eventfd_t count{};
  [[maybe_unused]] auto const taken = ::eventfd_read(descriptor_, &count);
  // Only now: a ring before this line needs no write, since whoever clears looks afterwards.
  rung_.store(false);
}

}  // namespace tram::embedded
