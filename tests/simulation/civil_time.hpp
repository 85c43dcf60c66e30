#pragma once

#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"

namespace tram::simulation {

/// The civil time of the world, which its databases tell, too, and which is set now and then.
///
/// One at a time: SQLite knows one of them by its name.
class CivilTime {
 public:
  explicit CivilTime(ManualClock& clock);
  ~CivilTime();
  CivilTime(CivilTime const&) = delete;
  CivilTime& operator=(CivilTime const&) = delete;

  /// Of a new database in memory that tells this time.
  static std::string memory_path(Random& random);

  /// Sets the clock forward or back by as much as hours or days; the steady one goes on.
  void step(Random& random);
  /// A process that starts afterwards cannot know that rows are younger than they seem.
  [[nodiscard]] bool was_set_forward() const { return was_set_forward_; }
  /// From now on processes may believe it.
  void settle() { was_set_forward_ = false; }

 private:
  ManualClock& clock_;
  bool was_set_forward_{};
};

}  // namespace tram::simulation
