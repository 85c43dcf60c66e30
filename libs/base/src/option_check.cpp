#include "tram/base/option_check.hpp"

#include <string>

#include "tram/base/error.hpp"

namespace tram {
namespace {

[[noreturn]] void refuse(std::string_view owner, std::string_view option, std::string const& why) {
  throw Error{Fault::rejected,
              std::string{owner} + ": option '" + std::string{option} + "' " + why};
}

template <class Time>
void check(std::string_view owner, std::string_view option, Time value, Time shortest) {
  if (value > std::chrono::duration_cast<Time>(option_time_max))
    refuse(owner, option, "is longer than ten years; ten years are as good as no limit");
  if (value >= shortest) return;
  refuse(owner, option,
         shortest == Time::zero() ? "is a time below zero; give zero or more"
                                  : "is too short; give a millisecond at least");
}

}  // namespace

void require_time(std::string_view owner, std::string_view option, Duration value,
                  Duration shortest) {
  check(owner, option, value, shortest);
}
void require_time(std::string_view owner, std::string_view option,
                  std::chrono::milliseconds value) {
  check(owner, option, value, std::chrono::milliseconds::zero());
}
void require_pause(std::string_view owner, std::string_view option, Duration value) {
  check<Duration>(owner, option, value, std::chrono::milliseconds{1});
}

void require_number(std::string_view owner, std::string_view option, double value, double lowest) {
  // Also refuses what is no number.
  if (value >= lowest) return;
  auto text = std::to_string(lowest);
  refuse(owner, option, "is too small; give " + text.substr(0, text.find('.')) + " at least");
}

}  // namespace tram
