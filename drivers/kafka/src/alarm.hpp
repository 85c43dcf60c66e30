#pragma once

#include "descriptor_set.hpp"
#include "event_descriptor.hpp"
#include "tram/base/time.hpp"

namespace tram::kafka {

/// A descriptor that is readable while there is news, or when a time has come. For one thread; the
/// news must outlive it.
class Alarm {
 public:
  /// Throws: transient, when the process has no descriptor left.
  explicit Alarm(EventDescriptor const& news);
  ~Alarm();
  Alarm(Alarm const&) = delete;
  Alarm& operator=(Alarm const&) = delete;

  /// Rings once after so long. The last call counts.
  void set(Duration after) const;
  /// To be called before one looks at the clock.
  void clear() const;
  [[nodiscard]] int get() const { return both_.get(); }

 private:
  int timer_;
  DescriptorSet both_;
};

}  // namespace tram::kafka
