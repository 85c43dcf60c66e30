#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "circuit_breaker.hpp"
#include "queued_message.hpp"
#include "tram/base/random.hpp"
#include "tram/broker/ack_ledger.hpp"
#include "tram/subscriber/subscription.hpp"

namespace tram {

/// What one subscription does next: which messages run, which wait, what is acknowledged.
///
/// Messages of one (channel, partition, key) are a lane: they run one after the other, in order;
/// lanes run side by side, the one first that is ready longest. A record counts as finished when
/// all its messages are handled or held. Pure: no threads, no clock, no I/O.
class SubscriptionCore final {
 public:
  struct Acknowledgement {
    TopicPartition partition;
    /// The last record that is done.
    Position last{};
    friend bool operator==(Acknowledgement const&, Acknowledgement const&) = default;
  };
  enum class Flow : std::uint8_t { pause, resume };
  struct FlowChange {
    TopicPartition partition;
    Flow flow{};
    friend bool operator==(FlowChange const&, FlowChange const&) = default;
  };

  /// `batches_max` batches are out at the same time at most.
  SubscriptionCore(SubscriptionOptions const& options, std::size_t batches_max, Random& random);

  // What happened.

  void assigned(TopicPartition const& partition);
  /// The partition's messages are forgotten, and what becomes of those that run does not count.
  void revoked(TopicPartition const& partition);
  void all_revoked();
  /// A record with its messages, possibly none. Its partition must be assigned.
  void delivered(TopicPartition const& partition, Position position,
                 std::vector<QueuedMessage> messages);
  /// A batch came back, with a result for each of its messages.
  void finished(Batch batch, RunResults const& results, SteadyTime now);
  /// Time went on: lanes whose pause is over are ready.
  void tick(SteadyTime now);

  // What to do.

  /// The next batch to start, if any may start now.
  std::optional<Batch> take_batch(SteadyTime now);
  std::vector<Acknowledgement> take_acknowledgements();
  std::vector<FlowChange> take_flow_changes();
  /// When `take_batch` may have something though nothing happened; `max` for never.
  [[nodiscard]] SteadyTime next_due() const;

  // What others want to know.

  [[nodiscard]] bool paused() const { return breaker_.is_open(); }
  /// Why the breaker is open, or why some message does not get on; empty when all is well.
  [[nodiscard]] std::string trouble() const;
  [[nodiscard]] std::size_t partitions() const { return partitions_.size(); }
  [[nodiscard]] std::vector<TopicPartition> owned() const;
  /// Neither finished nor running.
  [[nodiscard]] std::size_t waiting() const { return backlog_ - running_here_; }
  /// Messages that run, those of partitions lost meanwhile too.
  [[nodiscard]] std::size_t running() const { return running_; }

 private:
  struct Lane {
    std::deque<QueuedMessage> messages;
    /// One of them runs.
    bool runs{};
    [[nodiscard]] std::size_t size() const { return messages.size() + (runs ? 1 : 0); }
  };
  using Lanes = std::unordered_map<std::string, Lane>;
  struct Partition {
    TopicPartition name;
    AckLedger ledger;
    Lanes lanes;
    /// Messages left, of records that have several.
    std::unordered_map<Position, std::size_t> messages_left;
    std::size_t backlog{};
    /// Of the backlog, what counts towards its limit: of each lane only so much.
    std::size_t counted{};
    std::size_t bytes{};
    std::size_t running{};
    bool paused{};
    bool may_acknowledge{};
  };
  /// Lives as long as the assignment: the lane is not removed while anything refers to it.
  struct LaneReference {
    Assignment assignment;
    Lanes::value_type* lane;
  };

  void enqueue(Partition& partition, QueuedMessage message);
  [[nodiscard]] std::optional<Batch::Trial> trial(SteadyTime now);
  void start(Batch& batch);
  [[nodiscard]] bool may_share(LaneReference const& reference) const;
  [[nodiscard]] std::size_t lane_share() const;
  [[nodiscard]] std::deque<LaneReference>::iterator first_untried();
  [[nodiscard]] bool some_untried_may_run() const;
  void inform_breaker(Batch const& batch, RunResults const& results, SteadyTime now);
  [[nodiscard]] bool meets_trouble_first(QueuedMessage const& message) const;
  void settle(QueuedMessage message, RunResult const& result, SteadyTime now);
  void complete(Partition& partition, Lanes::iterator lane, QueuedMessage const& message);
  void run_again(LaneReference const& reference, QueuedMessage message, RunResult const& result,
                 SteadyTime now);
  [[nodiscard]] std::optional<Duration> pause_of(QueuedMessage& message, RunResult const& result,
                                                 SteadyTime now);
  [[nodiscard]] Duration pause_of_unavailable(QueuedMessage& message, RunResult const& result,
                                              SteadyTime now);
  [[nodiscard]] bool setup_counts(QueuedMessage& message, bool others_got_on, SteadyTime now);
  void finish_record(Partition& partition, Assignment assignment, Position position);
  void check_backlog(Partition& partition);
  [[nodiscard]] bool exceeds(Partition const& partition, std::size_t part) const;
  void forget(Assignment assignment);
  [[nodiscard]] bool is_stuck(QueuedMessage const& message) const;

  SubscriptionOptions options_;
  std::size_t batches_max_;
  Random& random_;
  CircuitBreaker breaker_;
  std::string trouble_;
  /// There was a stuck message since nothing paused last.
  bool stuck_{};

  std::map<TopicPartition, Assignment> assignments_;
  std::unordered_map<Assignment, Partition> partitions_;
  Assignment last_assignment_{};

  /// Lanes with messages, of which none runs and none waits for its pause.
  std::deque<LaneReference> ready_;
  std::multimap<SteadyTime, LaneReference> pausing_;
  std::vector<Assignment> acknowledgeable_;
  std::vector<FlowChange> flow_changes_;
  std::size_t batches_out_{};
  std::size_t untried_out_{};
  SteadyTime next_untried_{};
  /// The last failure found the database itself away.
  bool database_away_{};
  /// Counts the batches that got on.
  std::uint64_t got_on_{};
  std::size_t bytes_{};
  std::size_t backlog_{};
  std::size_t running_{};
  /// Those of partitions owned now.
  std::size_t running_here_{};
};

}  // namespace tram
