#pragma once

namespace tram::kafka {

/// A descriptor that is readable when one of others is: for poll(2).
class DescriptorSet {
 public:
  /// Throws: transient, when the process has no descriptor left.
  DescriptorSet();
  ~DescriptorSet();
  DescriptorSet(DescriptorSet const&) = delete;
  DescriptorSet& operator=(DescriptorSet const&) = delete;

  /// It leaves the set when it is closed. -1 is never readable.
  void add(int descriptor) const;
  [[nodiscard]] int get() const { return epoll_; }

 private:
  int epoll_;
};

/// Throws: transient, with what the system said last.
[[noreturn]] void no_descriptor_left();

}  // namespace tram::kafka
