#pragma once

#include <optional>
#include <string>

#include "lsn.hpp"
#include "replication_setup.hpp"
#include "tram/base/time.hpp"

namespace tram::postgres {

/// Whether whoever holds a slot works: a relay's position follows the log, however little happens.
/// That somebody holds it is no evidence.
class SlotHolder {
 public:
  /// What was seen now; `slot.reader` is not empty.
  void seen(SlotPosition const& slot, SteadyTime now);
  /// It got on lately.
  [[nodiscard]] bool works(SteadyTime now) const;
  /// What is known of it, and what to do when it does not work.
  [[nodiscard]] std::string describe(SteadyTime now) const;

 private:
  void set_mark(SlotPosition const& slot);

  SlotPosition slot_;
  Lsn mark_{};
  Lsn published_{};
  SteadyTime since_{};
  std::optional<SteadyTime> worked_at_;
};

}  // namespace tram::postgres
