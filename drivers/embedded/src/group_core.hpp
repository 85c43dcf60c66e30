#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/broker/record.hpp"

namespace tram::embedded {

using MemberId = std::uint64_t;
/// Counts the changes of a group. What is stored under an older one is ignored.
using Generation = std::int64_t;

/// A partition that a member has just taken, and the generation to store its position under.
struct Claim {
  TopicPartition partition;
  Generation generation{};
};

/// What a member has to do now.
struct Turn {
  /// False when it was put out for its silence: it owns nothing any more and must join again.
  bool is_member{};
  /// Owned, but meant for somebody else; named again in every turn until released.
  std::vector<TopicPartition> give_up;
  /// Owned from here on; named once.
  std::vector<Claim> take;
  /// Owners of other members that want a partition of this one's, too.
  std::set<std::string> others;
};

/// Who owns which partition of one group. Decides only: no threads, no clock, no storage.
///
/// Every change of the members gives every partition a target. A partition moves when its owner has
/// released it, so it never has two owners; what stays with its owner is not touched.
class GroupCore {
 public:
  explicit GroupCore(Generation last) : generation_{last} {}

  /// `owner` is on whose behalf; empty when nobody said.
  void join(MemberId member, std::vector<TopicPartition> wanted, SteadyTime now,
            std::string owner = {});
  /// Frees what it owns at once.
  void leave(MemberId member);
  /// Notes that the member lives, and says what it has to do.
  Turn turn(MemberId member, SteadyTime now);
  void release(MemberId member, TopicPartition const& partition);
  /// Every partition leaves its owner, and goes to another one if there is any.
  void scatter();
  /// Puts out every member whose last turn was before `time`, except `spared`; true if there was
  /// one.
  bool expire(SteadyTime time, std::optional<MemberId> spared);
  [[nodiscard]] std::vector<MemberId> members() const;
  /// Those that a member wants.
  [[nodiscard]] std::set<std::string> channels() const;

 private:
  struct Member {
    std::vector<TopicPartition> wanted;
    SteadyTime seen;
    std::string owner;
  };
  struct Place {
    std::optional<MemberId> owner;
    std::optional<MemberId> target;
    Generation taken_in{};
  };
  void remove(MemberId member);
  void assign();
  [[nodiscard]] std::set<std::string> others_beside(Member const& member) const;
  [[nodiscard]] bool must_go(Place const& place) const;

  // Ordered, so that the same history gives the same assignment.
  std::map<MemberId, Member> members_;
  std::map<TopicPartition, Place> places_;
  Generation generation_;
  Generation scattered_in_{};
  std::size_t shift_{};
};

}  // namespace tram::embedded
