#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <vector>

#include "completion_queue.hpp"
#include "running_subscription.hpp"
#include "tram/base/clock_steps.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/mutex.hpp"
#include "tram/base/retry_gate.hpp"
#include "tram/subscriber/inbox.hpp"
#include "tram/subscriber/subscriber.hpp"

namespace tram {

/// All subscriptions of a subscriber on one thread.
class Subscriber::Loop final {
 public:
  Loop(SubscriberParts parts, SubscriberOptions options, std::vector<Subscription> subscriptions);
  ~Loop();
  Loop(Loop const&) = delete;
  Loop& operator=(Loop const&) = delete;

  bool step();
  [[nodiscard]] SteadyTime next_step() const;
  void run(std::stop_token const& stop);

  [[nodiscard]] std::vector<SubscriptionStatus> status() const TRAM_EXCLUDES(mutex_);
  [[nodiscard]] bool idle() const TRAM_EXCLUDES(mutex_);

 private:
  bool take_results();
  bool start_replays();
  void forget_old_inbox_rows();
  std::size_t forget_some(Transaction& tx);
  void look_at_clock();
  void forgot(std::size_t rows);
  void drain();
  void close_all();
  void wait(Deadline deadline);
  void publish_status() TRAM_EXCLUDES(mutex_);

  SubscriberParts parts_;
  SubscriberOptions options_;
  // Shared with the batches that are out.
  std::shared_ptr<CompletionQueue> board_;
  ReplaySlots replay_slots_;
  std::vector<std::unique_ptr<RunningSubscription>> subscriptions_;
  /// Theirs, whose rows of the inbox are ours.
  std::vector<std::string> subscriber_ids_;
  /// Whose turn it is to begin a replay.
  std::size_t replays_next_{};
  Inbox inbox_;
  /// Of this process's clock, as often as anything happens.
  ClockSteps own_steps_;
  std::atomic<ClockSteps::Milliseconds::rep> own_ahead_{};
  /// Of the database's, as the one job that forgets old rows sees it; false before its first look.
  ClockSteps clock_steps_;
  bool has_looked_{};
  RetryGate retention_;
  /// Requested: no subscription begins anything that may wait.
  std::stop_token stop_{};
  SteadyTime now_{};
  SteadyTime next_retention_{};
  bool forgets_{};

  mutable Mutex mutex_;
  std::vector<SubscriptionStatus> status_ TRAM_GUARDED_BY(mutex_);
  bool idle_ TRAM_GUARDED_BY(mutex_){};
};

}  // namespace tram
