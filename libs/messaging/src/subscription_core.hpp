#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "circuit_breaker.hpp"
#include "lane_item.hpp"
#include "tram/base/random.hpp"
#include "tram/broker/ack_ledger.hpp"
#include "tram/messaging/subscription.hpp"

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
    Position next{};
    friend bool operator==(Acknowledgement const&, Acknowledgement const&) = default;
  };
  enum class Flow : std::uint8_t { pause, resume };
  struct FlowChange {
    TopicPartition partition;
    Flow flow{};
    friend bool operator==(FlowChange const&, FlowChange const&) = default;
  };

  /// `jobs_max` jobs are out at the same time at most.
  SubscriptionCore(SubscriptionOptions const& options, std::size_t jobs_max, Random& random);

  // What happened.

  void assigned(TopicPartition const& partition);
  /// The partition's messages are forgotten, and what becomes of those that run does not count.
  void revoked(TopicPartition const& partition);
  void all_revoked();
  /// A record with its messages, possibly none. Its partition must be assigned.
  void delivered(TopicPartition const& partition, Position position, std::vector<LaneItem> items);
  /// A job came back, with an outcome in each item.
  void finished(Job job, SteadyTime now);
  /// Time went on: lanes whose pause is over are ready.
  void tick(SteadyTime now);

  // What to do.

  /// The next job to start, if any may start now.
  std::optional<Job> take_job(SteadyTime now);
  std::vector<Acknowledgement> take_acknowledgements();
  std::vector<FlowChange> take_flow_changes();
  /// When `take_job` may have something though nothing happened; `max` for never.
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
    std::deque<LaneItem> items;
  };
  using Lanes = std::unordered_map<std::string, Lane>;
  struct Partition {
    TopicPartition name;
    AckLedger ledger;
    Lanes lanes;
    /// Messages left, of records that have several.
    std::unordered_map<Position, std::size_t> messages_left;
    std::size_t backlog{};
    std::size_t running{};
    bool paused{};
    bool may_acknowledge{};
  };
  /// Lives as long as the assignment: the lane is not removed while anything refers to it.
  struct LaneReference {
    Assignment assignment;
    Lanes::value_type* lane;
  };

  void enqueue(Partition& partition, LaneItem item);
  void start(Job& job);
  [[nodiscard]] bool may_share(LaneReference const& reference) const;
  void inform_breaker(Job const& job, SteadyTime now);
  void settle(LaneItem item, SteadyTime now);
  void complete(Partition& partition, Lanes::iterator lane, LaneItem const& item);
  void run_again(LaneReference const& reference, LaneItem item, SteadyTime now);
  void pause_lane(LaneReference const& reference, int failures, SteadyTime now);
  void finish_record(Partition& partition, Assignment assignment, Position position);
  void check_backlog(Partition& partition);
  void forget(Assignment assignment);
  [[nodiscard]] bool is_stuck(LaneItem const& item) const;

  SubscriptionOptions options_;
  std::size_t jobs_max_;
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
  std::size_t jobs_{};
  std::size_t backlog_{};
  std::size_t running_{};
  /// Those of partitions owned now.
  std::size_t running_here_{};
};

}  // namespace tram
