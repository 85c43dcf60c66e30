#pragma once

#include <compare>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "event_signal.hpp"
#include "group_core.hpp"
#include "tram/base/mutex.hpp"

namespace tram::embedded {

/// A consumer's place in its group.
struct Membership {
  std::string group;
  MemberId id{};
};

/// A group, and a channel that it reads.
struct GroupChannel {
  std::string group;
  std::string channel;
  friend auto operator<=>(GroupChannel const&, GroupChannel const&) = default;
};

/// The consumer groups of this process. Callable from any thread; waits for nothing but its mutex.
/// Everybody in a group is told by their EventSignal when the group changes.
class Groups {
 public:
  /// A member that took no turn for `session_timeout` is put out by the next turn of another one.
  explicit Groups(Duration session_timeout) : session_timeout_{session_timeout} {}

  /// `last` is the last generation that storage knows of.
  Membership join(std::string const& group, Generation last, std::vector<TopicPartition> wanted,
                  std::shared_ptr<EventSignal> signal, SteadyTime now, std::string owner);
  void leave(Membership const& member);
  Turn turn(Membership const& member, SteadyTime now);
  void release(Membership const& member, TopicPartition const& partition);
  /// Takes every partition away from its owner, as a rebalance would.
  void scatter(std::string const& group);
  /// Those that have a member now, with each channel that one of them wants.
  [[nodiscard]] std::set<GroupChannel> present();
  /// Puts out all members, as if all had been silent for too long.
  void expire(std::string const& group);

 private:
  void ring(GroupCore const& group) TRAM_REQUIRES(mutex_);

  Duration session_timeout_;
  Mutex mutex_;
  std::map<std::string, GroupCore, std::less<>> groups_ TRAM_GUARDED_BY(mutex_);
  // Shared, since a consumer may end while another thread is telling it about a change.
  std::map<MemberId, std::shared_ptr<EventSignal>> signal_ TRAM_GUARDED_BY(mutex_);
  MemberId last_id_ TRAM_GUARDED_BY(mutex_){};
};

}  // namespace tram::embedded
