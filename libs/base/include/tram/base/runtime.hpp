#pragma once

#include "tram/base/clock.hpp"
#include "tram/base/log.hpp"
#include "tram/base/random.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The machine's clocks and randomness, which have no state. Callable from any thread, until the
/// process is gone.
Clock& system_clock();
Random& system_random();

/// Time, randomness and log of a program, as one parameter. A value, cheap to copy.
///
///     tram::Runtime const runtime;  // in main: the machine's, with a log on standard error
///     tram::Runtime const quiet{.logger = tram::Logger::to_stderr(tram::LogLevel::warning)};
///
/// Tests give it a clock and randomness that they control: `tram::testkit::ManualRuntime`.
struct Runtime {
  /// Outlives what is made with the runtime.
  Clock& clock = system_clock();
  /// Callable from any thread, where the user of the runtime has threads; outlives what is made
  /// with the runtime.
  Random& random = system_random();
  Logger logger = Logger::to_stderr();
};

}  // namespace tram

#pragma GCC visibility pop
