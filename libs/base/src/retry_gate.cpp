#include "tram/base/retry_gate.hpp"

#include <algorithm>
#include <utility>

namespace tram {
namespace {

bool needs_operator(Error const& error) {
  return error.fault() == Fault::rejected || error.fault() == Fault::malformed;
}

}  // namespace

RetryGate::RetryGate(Names names, Pauses pauses, Random& random, Logger logger)
    : names_{std::move(names)}, pauses_{pauses}, random_{random}, logger_{std::move(logger)} {}

void RetryGate::failed(Error const& error, SteadyTime now, Duration longest) {
  ++failures_;
  pause_ = needs_operator(error) ? pauses_.longest
                                 : std::clamp(2 * pause_, pauses_.first, pauses_.longest);
  not_before_ = now + jittered(std::min(pause_, longest));
  if (trouble_ != error.what()) note(error);
}

void RetryGate::note(Error const& error) {
  trouble_ = error.what();
  logger_.warning(std::string{names_.events} + ".trouble", {{names_.owner_field, names_.owner},
                                                            {"with", names_.with},
                                                            {"fault", to_string(error.fault())},
                                                            {"what", trouble_}});
}

void RetryGate::recovered() {
  failures_ = 0;
  pause_ = {};
  not_before_ = {};
  trouble_.clear();
  logger_.info(std::string{names_.events} + ".recovered",
               {{names_.owner_field, names_.owner}, {"with", names_.with}});
}

/// Between a half and the whole, so that many do not return in one moment.
Duration RetryGate::jittered(Duration pause) {
  auto const half = pause.count() / 2;
  return Duration{half + static_cast<Duration::rep>(random_.unit() * static_cast<double>(half))};
}

}  // namespace tram
