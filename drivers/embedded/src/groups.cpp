#include "groups.hpp"

#include <utility>

namespace tram::embedded {

Membership Groups::join(std::string const& group, Generation last,
                        std::vector<TopicPartition> wanted, std::shared_ptr<EventSignal> signal,
                        SteadyTime now, std::string owner) {
  Lock const lock{mutex_};
  auto const id = ++last_id_;
  auto& core = groups_.try_emplace(group, last).first->second;
  core.join(id, std::move(wanted), now, std::move(owner));
  signal_[id] = std::move(signal);
  ring(core);
  return {.group = group, .id = id};
}

void Groups::leave(Membership const& member) {
  Lock const lock{mutex_};
  auto& core = groups_.at(member.group);
  core.leave(member.id);
  signal_.erase(member.id);
  ring(core);
}

Turn Groups::turn(Membership const& member, SteadyTime now) {
  Lock const lock{mutex_};
  auto& core = groups_.at(member.group);
  if (core.expire(now - session_timeout_, member.id)) ring(core);
  return core.turn(member.id, now);
}

void Groups::release(Membership const& member, TopicPartition const& partition) {
  Lock const lock{mutex_};
  auto& core = groups_.at(member.group);
  core.release(member.id, partition);
  ring(core);
}

void Groups::scatter(std::string const& group) {
  Lock const lock{mutex_};
  auto const found = groups_.find(group);
  if (found == groups_.end()) return;
  found->second.scatter();
  ring(found->second);
}

std::set<GroupChannel> Groups::present() {
  Lock const lock{mutex_};
  std::set<GroupChannel> present;
  for (auto const& [name, core] : groups_) {
    for (auto const& channel : core.channels()) present.insert({.group = name, .channel = channel});
  }
  return present;
}

void Groups::expire(std::string const& group) {
  Lock const lock{mutex_};
  auto const found = groups_.find(group);
  if (found == groups_.end()) return;
  // Those put out are told as well, so that they join again soon.
  ring(found->second);
  found->second.expire(SteadyTime::max(), std::nullopt);
}

void Groups::ring(GroupCore const& group) {
  for (auto const id : group.members()) {
    if (auto const found = signal_.find(id); found != signal_.end()) found->second->ring();
  }
}

}  // namespace tram::embedded
