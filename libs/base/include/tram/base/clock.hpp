#pragma once

#include <stop_token>

#include "tram/base/time.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Where time comes from. A parameter everywhere: nothing in Tram asks the system for the time by
/// itself.
///
///     auto const began = clock.steady();
///     …
///     log(clock.steady() - began);
class Clock {
 public:
  virtual ~Clock() = default;
  /// Civil time; may step back when the machine's clock is set. Callable from any thread; never
  /// waits.
  [[nodiscard]] virtual WallTime wall() const = 0;
  /// Steady time. Callable from any thread; never waits.
  [[nodiscard]] virtual SteadyTime steady() const = 0;
  /// Waits for `duration`, or until `stop` is requested. The only sleep there is; for back-off,
  /// never for synchronisation. Callable from any thread.
  virtual void pause(Duration duration, std::stop_token const& stop = {}) = 0;
};

/// The machine's clocks.
///
///     tram::SystemClock clock;  // in main; everything else takes a Clock&
class SystemClock final : public Clock {
 public:
  [[nodiscard]] WallTime wall() const override;
  [[nodiscard]] SteadyTime steady() const override;
  void pause(Duration duration, std::stop_token const& stop = {}) override;
};

/// A clock that moves only when told to, for tests and the simulation. Not for use from several
/// threads.
///
///     tram::ManualClock clock;
///     clock.advance(std::chrono::seconds{30});
class ManualClock final : public Clock {
 public:
  /// Starts at `wall`; steady time starts one hour after its epoch, so that "an hour ago" is a
  /// legal point.
  explicit ManualClock(WallTime wall = WallTime{std::chrono::milliseconds{1'700'000'000'000}})
      : wall_{wall} {}

  [[nodiscard]] WallTime wall() const override { return wall_; }
  [[nodiscard]] SteadyTime steady() const override { return steady_; }
  /// Returns at once, with both clocks moved on by `duration`.
  void pause(Duration duration, std::stop_token const& stop = {}) override;
  /// Moves both clocks on; `by` must not be negative.
  void advance(Duration by);
  /// Sets civil time alone, backwards too, as an operator or NTP would.
  void set_wall(WallTime wall) { wall_ = wall; }

 private:
  WallTime wall_;
  SteadyTime steady_{std::chrono::hours{1}};
  Duration remainder_{};
};

}  // namespace tram

#pragma GCC visibility pop
