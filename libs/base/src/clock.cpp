#include "tram/base/clock.hpp"

#include "tram/base/assert.hpp"

namespace tram {

WallTime SystemClock::wall() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

void ManualClock::advance(Duration by) {
  TRAM_ASSERT(by >= Duration::zero(), "a manual clock moves forward only");
  steady_ += by;
  remainder_ += by;
  auto const whole = std::chrono::duration_cast<std::chrono::milliseconds>(remainder_);
  wall_ += whole;
  remainder_ -= whole;
}

}  // namespace tram
