#include "event_descriptor.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "tram/base/error.hpp"

namespace tram::kafka {
namespace {

constexpr std::uint64_t one{1};

}  // namespace

EventDescriptor::EventDescriptor() : descriptor_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
  if (descriptor_ >= 0) return;
  throw Error{Fault::transient,
              std::string{"kafka: no descriptor for events: "} + std::strerror(errno) +
                  "; raise the limit of open files",
              errno};
}

EventDescriptor::~EventDescriptor() { ::close(descriptor_); }

void EventDescriptor::watch(rd_kafka_queue_t* queue) const {
  rd_kafka_queue_io_event_enable(queue, descriptor_, &one, sizeof one);
}

void EventDescriptor::ring() const { (void)!::write(descriptor_, &one, sizeof one); }

void EventDescriptor::clear() const {
  std::uint64_t count{};
  (void)!::read(descriptor_, &count, sizeof count);
}

}  // namespace tram::kafka
