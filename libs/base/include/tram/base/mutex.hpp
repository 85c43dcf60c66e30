#pragma once

#include <mutex>

#pragma GCC visibility push(default)

// Clang's thread-safety annotations: checked by the clang build, nothing elsewhere.
#if defined(__clang__)
#define TRAM_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define TRAM_THREAD_ANNOTATION(x)
#endif
#define TRAM_CAPABILITY(x) TRAM_THREAD_ANNOTATION(capability(x))
#define TRAM_GUARDED_BY(x) TRAM_THREAD_ANNOTATION(guarded_by(x))
#define TRAM_REQUIRES(...) TRAM_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define TRAM_EXCLUDES(...) TRAM_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define TRAM_ACQUIRE(...) TRAM_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define TRAM_RELEASE(...) TRAM_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define TRAM_SCOPED_CAPABILITY TRAM_THREAD_ANNOTATION(scoped_lockable)

namespace tram {

/// `std::mutex` that clang's thread-safety analysis understands. Fits
/// `std::condition_variable_any`.
///
///     Mutex mutex_;
///     int count_ TRAM_GUARDED_BY(mutex_){};
class TRAM_CAPABILITY("mutex") Mutex {
 public:
  void lock() TRAM_ACQUIRE() { mutex_.lock(); }
  void unlock() TRAM_RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

/// Holds a Mutex for a scope. Never call user code or do I/O while one lives.
///
///     Lock const lock{mutex_};
///     ++count_;
class TRAM_SCOPED_CAPABILITY Lock {
 public:
  explicit Lock(Mutex& mutex) TRAM_ACQUIRE(mutex) : mutex_{mutex} { mutex_.lock(); }
  ~Lock() TRAM_RELEASE() { mutex_.unlock(); }
  Lock(Lock const&) = delete;
  Lock& operator=(Lock const&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace tram

#pragma GCC visibility pop
