#pragma once

#include "descriptor_set.hpp"

namespace tram::kafka {

/// A descriptor that is readable when another one is, or when it is time: for poll(2).
class Linger {
 public:
  /// `news` may be -1: only time counts then. It must outlive this. Throws: transient, when the
  /// process has no descriptor left.
  explicit Linger(int news);
  ~Linger();
  Linger(Linger const&) = delete;
  Linger& operator=(Linger const&) = delete;

  [[nodiscard]] int get() const { return both_.get(); }
  /// Readable in so many nanoseconds, until it is set again; 0 or less: not by time.
  void set(long long nanoseconds) const;

 private:
  DescriptorSet both_;
  int timer_;
};

}  // namespace tram::kafka
