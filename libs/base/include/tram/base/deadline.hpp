#pragma once

#include "tram/base/time.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The moment at which a wait gives up. Every call that waits takes one.
///
///     auto const deadline = tram::Deadline::after(clock, std::chrono::seconds{5});
///     while (!done() && !deadline.reached(clock)) …
class Deadline {
 public:
  /// `timeout` from now on; a timeout of zero means "do not wait at all", one beyond all times the
  /// same as `never()`.
  static Deadline after(Clock const& clock, Duration timeout);
  static Deadline at(SteadyTime time) { return Deadline{time}; }
  /// Already reached: try once, never wait.
  static Deadline now() { return Deadline{SteadyTime::min()}; }
  /// For waits that only a stop request may end. Never use it inside a driver.
  static Deadline never() { return Deadline{SteadyTime::max()}; }

  [[nodiscard]] SteadyTime time() const { return time_; }
  [[nodiscard]] bool reached(Clock const& clock) const;
  /// The time left; zero when reached, `Duration::max()` for `never()`.
  [[nodiscard]] Duration remaining(Clock const& clock) const;
  [[nodiscard]] bool is_never() const { return time_ == SteadyTime::max(); }
  [[nodiscard]] bool is_now() const { return time_ == SteadyTime::min(); }

 private:
  explicit Deadline(SteadyTime time) : time_{time} {}
  SteadyTime time_;
};

}  // namespace tram

#pragma GCC visibility pop
