#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <vector>

#include "replay.hpp"
#include "tram/base/random.hpp"
#include "tram/base/time.hpp"
#include "tram/subscriber/inbox.hpp"
#include "tram/subscriber/subscription.hpp"

namespace tram {

/// Held keys whose replay was requested: which one has its turn next. Keys take turns; one that
/// failed waits for its pause, and then takes turns with those that did not; it has its turn alone,
/// and the others together. Pure: no threads, no clock, no I/O.
class ReplayQueue final {
 public:
  /// At most `keys_max` are known at a time; of more, those that wait longest for their pause give
  /// way, and are found again later.
  ReplayQueue(SubscriptionOptions const& options, std::size_t keys_max, Random& random)
      : options_{options}, keys_max_{keys_max}, random_{random} {}

  // What happened.

  /// Keys that the database names; those that are known already stay as they are.
  void requested(std::vector<HeldKey> const& keys);
  /// A turn is over. Keys that it did not get to are the next.
  void finished(ReplayTurn const& turn, ReplayRuns const& runs, SteadyTime now);

  // What to do.

  /// The next turn; empty where none may begin now.
  ReplayTurn take(SteadyTime now);
  /// When `take` may have something though nothing happened; `max` for never.
  [[nodiscard]] SteadyTime next_due() const;
  [[nodiscard]] bool empty() const { return keys_.empty(); }
  [[nodiscard]] bool full() const { return keys_.size() >= keys_max_; }

 private:
  /// Since a message of the key was replayed last.
  struct State {
    int failures{};
    int unavailable{};
    int unavailable_itself{};
    bool alone{};
  };

  bool make_room();
  [[nodiscard]] bool may_share(HeldKey const& key) const { return !keys_.at(key).alone; }
  ReplayTry take_ready();
  [[nodiscard]] ReplayTry try_of(HeldKey const& key) const;
  void finished(HeldKey const& key, ReplayRun const& run, SteadyTime now);
  void failed(HeldKey const& key, RunResult const& trouble, SteadyTime now);

  SubscriptionOptions options_;
  std::size_t keys_max_;
  Random& random_;
  /// Those whose turn it is, too.
  std::map<HeldKey, State> keys_;
  /// In the order of their turns.
  std::deque<HeldKey> ready_;
  std::multimap<SteadyTime, HeldKey> waiting_;
  /// One that failed had the last turn.
  bool retried_{};
};

}  // namespace tram
