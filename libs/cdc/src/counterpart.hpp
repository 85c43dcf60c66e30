#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/log.hpp"
#include "tram/base/random.hpp"

namespace tram {

/// One of the sides a relay works with: when it may be tried again after an error, and what is
/// wrong with it. Logs once per change of state.
class Counterpart {
 public:
  struct Pauses {
    Duration first;
    Duration longest;
  };
  /// `name` stands in log lines: `source`; it must be a literal.
  Counterpart(std::string_view name, std::string relay, Pauses pauses, Random& random,
              Logger logger)
      : name_{name},
        relay_{std::move(relay)},
        pauses_{pauses},
        random_{random},
        logger_{std::move(logger)} {}

  [[nodiscard]] bool may_be_tried(SteadyTime now) const { return now >= not_before_; }
  /// When it may be tried again; in the past when all is well.
  [[nodiscard]] SteadyTime not_before() const { return not_before_; }
  [[nodiscard]] std::string const& trouble() const { return trouble_; }

  void failed(Error const& error, SteadyTime now) {
    pause_ = needs_operator(error) ? pauses_.longest
                                   : std::clamp(2 * pause_, pauses_.first, pauses_.longest);
    not_before_ = now + jittered(pause_);
    if (trouble_ == error.what()) return;
    trouble_ = error.what();
    logger_.warning("relay.trouble", {{"relay", relay_},
                                      {"with", name_},
                                      {"fault", to_string(error.fault())},
                                      {"what", trouble_}});
  }

  void succeeded() {
    pause_ = {};
    not_before_ = {};
    if (trouble_.empty()) return;
    trouble_.clear();
    logger_.info("relay.recovered", {{"relay", relay_}, {"with", name_}});
  }

 private:
  static bool needs_operator(Error const& error) {
    return error.fault() == Fault::rejected || error.fault() == Fault::malformed;
  }
  /// Between a half and the whole, so that many relays do not return in one moment.
  Duration jittered(Duration pause) {
    auto const half = pause.count() / 2;
    return Duration{half + static_cast<Duration::rep>(random_.unit() * static_cast<double>(half))};
  }

  std::string_view name_;
  std::string relay_;
  Pauses pauses_;
  Random& random_;
  Logger logger_;
  Duration pause_{};
  SteadyTime not_before_{};
  std::string trouble_;
};

}  // namespace tram
