#include <chrono>

#include "tram/relay/relay_status.hpp"

namespace tram {
namespace {

std::string seconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

RelayReadiness not_ready(std::string reason) {
  return {.ready = false, .reason = std::move(reason)};
}

}  // namespace

RelayReadiness readiness(RelayStatus const& status, SteadyTime now, Duration stall_after) {
  auto const since_step = now - status.last_step;
  auto const since_progress = now - status.last_progress;
  if (status.last_step == SteadyTime{}) return not_ready("the relay has not started");
  if (since_step > stall_after) {
    return not_ready("the relay's loop has not run for " + seconds(since_step));
  }
  // That the other one works is for the other one to tell.
  if (status.standby) return {.ready = true, .reason = "standby: another process publishes"};
  if (!status.trouble.empty()) return not_ready(status.trouble);
  if (!status.connected) return not_ready("not connected to the database yet");
  if (!status.caught_up && status.last_progress == SteadyTime{})
    return not_ready("nothing has been published yet");
  if (!status.caught_up && since_progress > stall_after) {
    return not_ready("nothing has moved for " + seconds(since_progress) + ", with " +
                     std::to_string(status.in_flight) + " rows in flight");
  }
  return {.ready = true, .reason = {}};
}

}  // namespace tram
