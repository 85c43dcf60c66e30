#include "descriptor_set.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "tram/base/error.hpp"

namespace tram::kafka {

void no_descriptor_left() {
  int const trouble = errno;
  throw Error{Fault::transient,
              std::string{"kafka: no descriptor is left: "} + std::strerror(trouble) +
                  "; raise the limit of open files",
              trouble};
}

DescriptorSet::DescriptorSet() : epoll_{::epoll_create1(EPOLL_CLOEXEC)} {
  if (epoll_ < 0) no_descriptor_left();
}

DescriptorSet::~DescriptorSet() { ::close(epoll_); }

void DescriptorSet::add(int descriptor) const {
  if (descriptor < 0) return;
  epoll_event event{.events = EPOLLIN, .data = {.fd = descriptor}};
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) no_descriptor_left();
}

}  // namespace tram::kafka
