#include "tram/base/runtime.hpp"

#include <memory>

namespace tram {
namespace {

/// Never destroyed: a thread that a stop has left behind may still use it.
template <class T>
T& immortal() {
  static T& one = *std::make_unique<T>().release();
  return one;
}

}  // namespace

Clock& system_clock() { return immortal<SystemClock>(); }

Random& system_random() { return immortal<SystemRandom>(); }

}  // namespace tram
