#include "tram/relay/relay.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "relay_loop.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/option_check.hpp"
#include "tram/base/timespec.hpp"

namespace tram {
namespace {

RelayOptions usable(RelayOptions options) {
  require_usable(options, "relay '" + options.name + "'");
  return options;
}

}  // namespace

void require_usable(RelayOptions const& options, std::string_view owner) {
  require_number(owner, "window", static_cast<double>(options.window), 1);
  require_number(owner, "window_bytes", static_cast<double>(options.window_bytes), 1);
  require_number(owner, "read_rows_max", static_cast<double>(options.read_rows_max), 1);
  require_time(owner, "read_pause", options.read_pause);
  require_pause(owner, "back_off_first", options.back_off_first);
  require_pause(owner, "back_off_longest", options.back_off_longest);
  require_pause(owner, "held_check_interval", options.held_check_interval);
  require_pause(owner, "retention_interval", options.retention_interval);
  require_time(owner, "stall_after", options.stall_after);
  require_time(owner, "drain_timeout", options.drain_timeout);
}

Relay::Relay(RelayParts parts, RelayOptions options)
    : clock_{parts.clock},
      logger_{parts.logger},
      options_{usable(std::move(options))},
      loop_{std::make_unique<Loop>(std::move(parts), options_)} {}

Relay::~Relay() = default;

bool Relay::step() {
  bool const progressed = loop_->step();
  publish_status();
  return progressed;
}

SteadyTime Relay::next_step() const { return loop_->next_step(); }

void Relay::run(std::stop_token stop) {
  logger_.info("relay.started", {{"relay", options_.name}});
  std::stop_callback const nudge{stop, [this] { wake(); }};
  loop_->stop_with(stop);
  while (!stop.stop_requested()) {
    if (!step()) wait();
  }
  drain();
}

void Relay::publish_committed(Deadline deadline) {
  loop_->look_again();
  while (!deadline.reached(clock_)) {
    bool const progressed = step();
    auto const now = status();
    if (now.caught_up || !now.trouble.empty()) return;
    if (!progressed) wait();
  }
}

void Relay::drain() {
  loop_->stop_with({});
  auto const deadline = Deadline::after(clock_, options_.drain_timeout);
  if (options_.drain == RelayDrain::committed) publish_committed(deadline);
  loop_->begin_drain();
  while (!loop_->drained() && !deadline.reached(clock_)) {
    if (!step()) wait();
  }
  loop_->flush();
  publish_status();
  auto const left = status();
  logger_.info("relay.stopped", {{"relay", options_.name},
                                 {"published", left.counters.rows_published},
                                 {"unacknowledged", left.in_flight}});
}

void Relay::wait() {
  std::array<pollfd, 3> descriptors{
      {{.fd = wake_up_.descriptor(), .events = POLLIN, .revents = 0},
       {.fd = loop_->source_descriptor(), .events = POLLIN, .revents = 0},
       {.fd = loop_->producer_descriptor(), .events = POLLIN, .revents = 0}}};
  auto const until = std::max(loop_->next_step() - clock_.steady(), Duration{});
  auto const timeout = to_timespec(until);
  // Interrupted or not: the next step looks at everything.
  if (::ppoll(descriptors.data(), descriptors.size(), &timeout, nullptr) <= 0) return;
  if (descriptors[0].revents != 0) wake_up_.lower();
}

void Relay::wake() noexcept { wake_up_.raise(); }

void Relay::publish_status() {
  auto status = loop_->status();
  Lock const lock{mutex_};
  status_ = std::move(status);
}

RelayStatus Relay::status() const {
  Lock const lock{mutex_};
  return status_;
}

RelayReadiness Relay::readiness() const {
  return tram::readiness(status(), clock_.steady(), options_.stall_after);
}

}  // namespace tram
