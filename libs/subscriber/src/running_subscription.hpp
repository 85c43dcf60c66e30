#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "batch_handler.hpp"
#include "completion_queue.hpp"
#include "replay_queue.hpp"
#include "subscription_core.hpp"
#include "tram/base/retry_gate.hpp"
#include "tram/broker/consumer.hpp"
#include "tram/subscriber/subscriber.hpp"

namespace tram {

/// How many replays run at the same time, over all subscriptions of a subscriber: few, so that
/// messages that just came in find a worker.
struct ReplaySlots {
  std::size_t max{};
  std::size_t used{};
};

/// One subscription at work: its consumer, its core, and its batches on the workers. Belongs to the
/// thread of the loop.
class RunningSubscription final {
 public:
  /// `parts`, `options` and `replay_slots` outlive it.
  RunningSubscription(SubscriberParts const& parts, SubscriberOptions const& options,
                      Subscription subscription, std::shared_ptr<CompletionQueue> board,
                      ReplaySlots& replay_slots);
  RunningSubscription(RunningSubscription const&) = delete;
  RunningSubscription& operator=(RunningSubscription const&) = delete;

  /// One round without replays; true when anything happened. A requested stop ends what waits for
  /// the broker.
  bool step(SteadyTime now, std::stop_token const& stop);
  /// Begins one replay, if one may begin; true when it did.
  bool start_replay();
  /// From here on nothing new is taken or started.
  void begin_drain();
  /// Tells the consumer what is done. Does not wait.
  void acknowledge();
  /// Stores what was acknowledged and leaves the group. Callable from another thread.
  void close(Duration timeout);

  [[nodiscard]] SteadyTime next_step() const;
  /// What to wait for, -1 for nothing.
  [[nodiscard]] int descriptor() const;
  [[nodiscard]] SubscriptionStatus status() const;
  [[nodiscard]] bool idle() const;

 private:
  void subscribe(std::stop_token const& stop);
  void poll();
  void take(ConsumerEvent event);
  void take(GroupShared event);
  void take(RecordsExpired const& event);
  template <class Function>
  void with_consumer(Function&& function);
  void consumer_failed(Error const& error);
  void drop_consumer();
  void change_flow();
  void start_jobs();
  void finished(Batch batch, RunResults const& results);
  void count(QueuedMessage const& message, RunResult const& result);
  void log_breaker();
  void look_for_replays();
  void found_requests(std::vector<HeldKey> const& keys);
  void replayed(ReplayTurn const& turn, ReplayRuns const& runs);
  void count_replays(HeldKey const& key, ReplayRun const& run);
  void log_replay(HeldKey const& key, ReplayRun const& run);

  SubscriberParts const& parts_;
  SubscriberOptions const& options_;
  Subscription subscription_;
  std::vector<std::string> channels_;
  std::string group_;
  // Shared with the batches that are out, which may outlive this.
  std::shared_ptr<CompletionQueue> board_;
  std::shared_ptr<BatchHandler const> runner_;

  SubscriptionCore core_;
  RetryGate broker_;
  RetryGate held_;
  std::unique_ptr<Consumer> consumer_;
  SubscriptionCounters counters_;
  ReplayQueue replays_;
  ReplaySlots& replay_slots_;
  /// How many messages of a key were replayed since its request was found.
  std::map<HeldKey, std::size_t> replayed_;
  /// Where the last look for requests ended, when there may be more.
  std::optional<HeldKey> requests_after_;
  bool looks_for_replays_{};

  SteadyTime now_{};
  SteadyTime next_held_check_{};
  SteadyTime last_progress_;
  /// Whose members take part in the group, too.
  std::vector<std::string> shared_with_;
  bool progressed_{};
  bool paused_{};
  bool draining_{};
  /// The last look at the consumer found nothing.
  bool quiet_{};
};

}  // namespace tram
