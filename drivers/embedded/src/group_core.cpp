#include "group_core.hpp"

#include <algorithm>
#include <utility>

#include "tram/base/assert.hpp"

namespace tram::embedded {

void GroupCore::join(MemberId member, std::vector<TopicPartition> wanted, SteadyTime now,
                     std::string owner) {
  bool const added =
      members_
          .emplace(member,
                   Member{.wanted = std::move(wanted), .seen = now, .owner = std::move(owner)})
          .second;
  TRAM_ASSERT(added, "a member joins once");
  assign();
}

void GroupCore::leave(MemberId member) {
  if (!members_.contains(member)) return;
  remove(member);
  assign();
}

Turn GroupCore::turn(MemberId member, SteadyTime now) {
  auto const found = members_.find(member);
  if (found == members_.end()) return {};
  found->second.seen = now;
  Turn turn{.is_member = true, .give_up = {}, .take = {}, .others = others_beside(found->second)};
  for (auto& [partition, place] : places_) {
    if (place.owner == member && must_go(place)) turn.give_up.push_back(partition);
    if (place.owner || place.target != member) continue;
    place.owner = member;
    place.taken_in = generation_;
    turn.take.push_back({.partition = partition, .generation = generation_});
  }
  return turn;
}

std::set<std::string> GroupCore::others_beside(Member const& member) const {
  std::set<std::string> others;
  if (member.owner.empty()) return others;
  for (auto const& [id, other] : members_) {
    if (other.owner.empty() || other.owner == member.owner) continue;
    bool const meet =
        std::ranges::find_first_of(member.wanted, other.wanted) != member.wanted.end();
    if (meet) others.insert(other.owner);
  }
  return others;
}

void GroupCore::release(MemberId member, TopicPartition const& partition) {
  auto const found = places_.find(partition);
  if (found != places_.end() && found->second.owner == member) found->second.owner.reset();
}

void GroupCore::scatter() {
  ++shift_;
  assign();
  scattered_in_ = generation_;
}

bool GroupCore::expire(SteadyTime time, std::optional<MemberId> spared) {
  std::vector<MemberId> silent;
  for (auto const& [id, member] : members_) {
    if (member.seen < time && spared != id) silent.push_back(id);
  }
  if (silent.empty()) return false;
  for (auto const id : silent) remove(id);
  assign();
  return true;
}

std::vector<MemberId> GroupCore::members() const {
  std::vector<MemberId> ids;
  for (auto const& [id, member] : members_) ids.push_back(id);
  return ids;
}

std::set<std::string> GroupCore::channels() const {
  std::set<std::string> names;
  for (auto const& [id, member] : members_) {
    for (auto const& partition : member.wanted) names.insert(partition.channel);
  }
  return names;
}

void GroupCore::remove(MemberId member) {
  members_.erase(member);
  for (auto& [partition, place] : places_) {
    if (place.owner == member) place.owner.reset();
  }
}

void GroupCore::assign() {
  ++generation_;
  std::map<TopicPartition, std::vector<MemberId>> interested;
  for (auto const& [id, member] : members_) {
    for (auto const& partition : member.wanted) interested[partition].push_back(id);
  }
  for (auto& [partition, place] : places_) place.target.reset();
  for (auto const& [partition, ids] : interested) {
    auto const turn = static_cast<std::size_t>(partition.partition) + shift_;
    places_[partition].target = ids[turn % ids.size()];
  }
}

bool GroupCore::must_go(Place const& place) const {
  return place.target != place.owner || place.taken_in < scattered_in_;
}

}  // namespace tram::embedded
