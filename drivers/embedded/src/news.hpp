#pragma once

#include <atomic>

namespace tram::embedded {

/// Tells one waiting thread, through a descriptor, that there is something to look at. `ring` is
/// callable from any thread; the rest belongs to the thread that waits. Nothing here waits.
class News {
 public:
  /// Faults: transient, when the process has no descriptors left.
  News();
  ~News();
  News(News const&) = delete;
  News& operator=(News const&) = delete;

  /// Makes the descriptor readable. Costs a system call only for the first of many.
  void ring() noexcept;
  /// Silences the descriptor. Look for what is new *after* this, so that nothing is missed.
  void clear() noexcept;
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
  std::atomic<bool> rung_{false};
};

}  // namespace tram::embedded
