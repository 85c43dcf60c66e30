#include "tram/host/thread_supervisor.hpp"

#include <utility>

#include "tram/base/thrown.hpp"

namespace tram {
namespace {

/// Why it ended; empty when it was asked to.
std::string run_part(ThreadSupervisor::Work const& work, std::stop_token const& stop,
                     std::stop_token const& program_stop) {
  try {
    work(stop);
    bool const was_asked = stop.stop_requested() || program_stop.stop_requested();
    return was_asked ? "" : "it returned though nobody asked it to stop";
  } catch (...) {  // thread top
    return describe_current_exception();
  }
}

}  // namespace

void ThreadSupervisor::start(StopStage stage, std::string name, Work work) {
  auto const run = [this, name, work = std::move(work)](std::stop_token const& stop) {
    ended(name, run_part(work, stop, program_stop_));
  };
  members_.push_back({.stage = stage, .name = std::move(name), .thread = std::jthread{run}});
}

void ThreadSupervisor::ended(std::string const& name, std::string const& reason) {
  if (reason.empty()) return;
  logger_.error("service.part_lost", {{"part", name}, {"reason", reason}});
  {
    Lock const lock{mutex_};
    if (!lost_) lost_ = FailedThread{.name = name, .reason = reason};
  }
  news_.notify_all();
}

void ThreadSupervisor::watch(std::stop_token const& stop) {
  std::stop_callback const nudge{stop, [this] {
                                   { Lock const lock{mutex_}; }
                                   news_.notify_all();
                                 }};
  Lock const lock{mutex_};
  while (!lost_ && !stop.stop_requested()) news_.wait(mutex_);
}

void ThreadSupervisor::stop(StopStage stage,
                            std::function<void(std::string const& name)> const& waits_for) {
  for (auto& member : members_) {
    if (member.stage == stage) member.thread.request_stop();
  }
  for (auto& member : members_) {
    if (member.stage != stage) continue;
    waits_for(member.name);
    member.thread.join();
  }
}

std::optional<FailedThread> ThreadSupervisor::lost() const {
  Lock const lock{mutex_};
  return lost_;
}

}  // namespace tram
