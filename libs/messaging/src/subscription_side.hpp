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

/// One of the sides a subscription works with: when it may be tried again after an error, and what
/// is wrong with it. Logs once per change of state.
class SubscriptionSide final {
 public:
  struct Pauses {
    Duration first;
    Duration longest;
  };
  /// `name` stands in log lines: `broker`; it must be a literal.
  SubscriptionSide(std::string_view name, std::string subscriber, Pauses pauses, Random& random,
                   Logger logger)
      : name_{name},
        subscriber_{std::move(subscriber)},
        pauses_{pauses},
        random_{random},
        logger_{std::move(logger)} {}

  [[nodiscard]] bool may_be_tried(SteadyTime now) const { return now >= not_before_; }
  [[nodiscard]] SteadyTime not_before() const { return not_before_; }
  [[nodiscard]] std::string const& trouble() const { return trouble_; }
  /// Since it last worked.
  [[nodiscard]] int failures() const { return failures_; }

  void failed(Error const& error, SteadyTime now) { failed(error, now, pauses_.longest); }
  /// The same with no longer pause than that.
  void failed(Error const& error, SteadyTime now, Duration longest) {
    ++failures_;
    bool const needs_operator =
        error.fault() == Fault::rejected || error.fault() == Fault::malformed;
    pause_ =
        needs_operator ? pauses_.longest : std::clamp(2 * pause_, pauses_.first, pauses_.longest);
    not_before_ = now + jittered(std::min(pause_, longest));
    note(to_string(error.fault()), error.what());
  }
  void succeeded() {
    failures_ = 0;
    pause_ = {};
    not_before_ = {};
    if (trouble_.empty()) return;
    trouble_.clear();
    logger_.info("subscription.recovered", {{"subscriber", subscriber_}, {"with", name_}});
  }

 private:
  void note(std::string_view fault, std::string_view what) {
    if (trouble_ == what) return;
    trouble_ = what;
    logger_.warning(
        "subscription.trouble",
        {{"subscriber", subscriber_}, {"with", name_}, {"fault", fault}, {"what", trouble_}});
  }
  /// Between a half and the whole, so that many do not return in one moment.
  Duration jittered(Duration pause) {
    auto const half = pause.count() / 2;
    return Duration{half + static_cast<Duration::rep>(random_.unit() * static_cast<double>(half))};
  }

  std::string_view name_;
  std::string subscriber_;
  Pauses pauses_;
  Random& random_;
  Logger logger_;
  int failures_{};
  Duration pause_{};
  SteadyTime not_before_{};
  std::string trouble_;
};

}  // namespace tram
