#include "caught_up_probe.hpp"

#include <chrono>

namespace tram::relay_program {
namespace {

/// Who asks every few seconds is one and the same; an older mark was somebody else's, who gave up.
constexpr Duration mark_lives{std::chrono::seconds{30}};

}  // namespace

bool CaughtUpProbe::passed(RelayView const& view) {
  if (!is_caught_up(view)) return false;
  auto line = mark(view.now);
  if (!line) {
    line = Mark{.position = log_end_(), .set_at = view.now};
    Lock const lock{mutex_};
    mark_ = line;
  }
  if (view.status.confirmed.value_or(LogPosition{}) < line->position) return false;
  Lock const lock{mutex_};
  mark_.reset();
  return true;
}

std::optional<CaughtUpProbe::Mark> CaughtUpProbe::mark(SteadyTime now) {
  Lock const lock{mutex_};
  if (mark_ && now - mark_->set_at > mark_lives) mark_.reset();
  return mark_;
}

}  // namespace tram::relay_program
