#pragma once

#include <string>

#include "tram/base/detail/function.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/log.hpp"
#include "tram/base/time.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Clock;
class Database;
class Random;

/// What a stepped component works with; all of it outlives the component.
struct StepParts {
  Database& database;
  Clock& clock;
  /// Callable from any thread.
  Random& random;
  Logger logger{};
};

/// Work that waits for times: deadlines, timeouts, what is due. It has no thread and reads only the
/// clock that it is given. A service steps it on a thread, a test on manual time.
///
///     class Timeouts final : public tram::Stepper {
///       bool step() override { return expire_one(parts_.database, parts_.clock.wall()); }
///       tram::SteadyTime next_step() const override { return parts_.clock.steady() + pause_; }
///       …
///     };
class Stepper {
 public:
  virtual ~Stepper() = default;
  /// Does what is due, or a part of it; false when nothing was. May wait for the database, never
  /// for a time. Throws: transient, conflict, broken and in_doubt, after which it is stepped again
  /// in a while; anything else ends the program.
  virtual bool step() = 0;
  /// When `step` wants to be called next. A service asks again after a second at the latest.
  [[nodiscard]] virtual SteadyTime next_step() const = 0;
};

/// A part of a service that is stepped.
struct SteppedComponent {
  std::string name;
  /// Called once for each run of a service, and again after a crash of a test's world; must not ask
  /// the database.
  std::function<std::unique_ptr<Stepper>(StepParts const&)> make;
};

}  // namespace tram

#pragma GCC visibility pop
