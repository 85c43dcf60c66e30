#include "tram/host/stepped_run.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"

namespace tram {
namespace {

constexpr Duration pause_longest{std::chrono::seconds{1}};
constexpr Duration pause_shortest{std::chrono::milliseconds{1}};

bool passes(Error const& error) {
  return error.fault() != Fault::rejected && error.fault() != Fault::malformed;
}

}  // namespace

SteppedRun::SteppedRun(SteppedComponent const& component, StepParts const& parts)
    : name_{component.name},
      clock_{parts.clock},
      logger_{parts.logger},
      stepper_{component.make(parts)} {}

void SteppedRun::run(std::stop_token const& stop) {
  while (!stop.stop_requested()) {
    auto const wait = step();
    if (wait > Duration{}) clock_.pause(wait, stop);
  }
}

Duration SteppedRun::step() {
  try {
    bool const worked = stepper_->step();
    note({});
    if (worked) return {};
    return std::clamp<Duration>(stepper_->next_step() - clock_.steady(), pause_shortest,
                                pause_longest);
  } catch (Error const& error) {
    if (!passes(error)) throw;
    note(error.what());
    return pause_longest;
  }
}

void SteppedRun::note(std::string trouble) {
  {
    Lock const lock{mutex_};
    if (trouble == trouble_) return;
    trouble_ = trouble;
  }
  if (!trouble.empty())
    logger_.warning("component.failed", {{"component", name_}, {"what", trouble}});
}

std::string SteppedRun::trouble() const {
  Lock const lock{mutex_};
  return trouble_;
}

}  // namespace tram
