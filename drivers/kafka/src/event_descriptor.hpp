#pragma once

#include "librdkafka.hpp"

namespace tram::kafka {

/// A descriptor that is readable while there is news, for the caller's poll(2). librdkafka's
/// threads ring it, too, so it must outlive the client.
class EventDescriptor {
 public:
  EventDescriptor();
  ~EventDescriptor();
  EventDescriptor(EventDescriptor const&) = delete;
  EventDescriptor& operator=(EventDescriptor const&) = delete;

  /// Rings when something comes into this queue while it is empty.
  void watch(rd_kafka_queue_t* queue) const;
  void ring() const;
  /// To be called before one looks for news.
  void clear() const;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

}  // namespace tram::kafka
