#include "tram/base/clock.hpp"

#include <condition_variable>
#include <mutex>

#include "tram/base/assert.hpp"

namespace tram {

WallTime SystemClock::wall() const {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

void SystemClock::pause(Duration duration, std::stop_token const& stop) {
  std::mutex mutex;
  std::unique_lock lock{mutex};
  std::condition_variable_any{}.wait_for(lock, stop, duration, [] { return false; });
}

void ManualClock::pause(Duration duration, std::stop_token const&) { advance(duration); }

void ManualClock::advance(Duration by) {
  TRAM_ASSERT(by >= Duration::zero(), "a manual clock moves forward only");
  steady_ += by;
  remainder_ += by;
  auto const whole = std::chrono::duration_cast<std::chrono::milliseconds>(remainder_);
  wall_ += whole;
  remainder_ -= whole;
}

}  // namespace tram
