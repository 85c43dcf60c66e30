#pragma once

#include <cstdint>

#include "tram/base/runtime.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// A runtime for a test of one thread: time moves only when it is told to, and the same seed gives
/// the same randomness. Outlives what is made with it.
///
///     tram::testkit::ManualRuntime manual;
///     Reminders reminders{database, manual.runtime()};
///     manual.clock.advance(std::chrono::hours{1});
struct ManualRuntime {
  explicit ManualRuntime(std::uint64_t seed = 1) : random{seed} {}
  ManualRuntime(ManualRuntime const&) = delete;
  ManualRuntime& operator=(ManualRuntime const&) = delete;

  [[nodiscard]] Runtime runtime() { return {clock, random, logger}; }

  ManualClock clock{};
  SeededRandom random;
  /// Drops everything, unless the test sets another.
  Logger logger{};
};

}  // namespace tram::testkit

#pragma GCC visibility pop
