#include "subscription_core.hpp"

#include <algorithm>
#include <utility>

#include "tram/base/assert.hpp"

namespace tram {

SubscriptionCore::SubscriptionCore(SubscriptionOptions const& options, std::size_t jobs_max,
                                   Random& random)
    : options_{options}, jobs_max_{jobs_max}, random_{random}, breaker_{options.breaker} {}

// --- partitions

void SubscriptionCore::assigned(TopicPartition const& partition) {
  revoked(partition);
  assignments_[partition] = ++last_assignment_;
  partitions_[last_assignment_].name = partition;
}

void SubscriptionCore::revoked(TopicPartition const& partition) {
  auto const found = assignments_.find(partition);
  if (found == assignments_.end()) return;
  forget(found->second);
  assignments_.erase(found);
}

void SubscriptionCore::all_revoked() {
  for (auto const& partition : owned()) revoked(partition);
}

void SubscriptionCore::forget(Assignment assignment) {
  auto const of_it = [&](LaneReference const& lane) { return lane.assignment == assignment; };
  auto const& partition = partitions_.at(assignment);
  backlog_ -= partition.backlog;
  running_here_ -= partition.running;
  std::erase_if(ready_, of_it);
  std::erase_if(pausing_, [&](auto const& pausing) { return of_it(pausing.second); });
  std::erase(acknowledgeable_, assignment);
  std::erase_if(flow_changes_, [&](auto const& each) { return each.partition == partition.name; });
  partitions_.erase(assignment);
}

std::vector<TopicPartition> SubscriptionCore::owned() const {
  std::vector<TopicPartition> owned;
  owned.reserve(assignments_.size());
  for (auto const& [partition, assignment] : assignments_) owned.push_back(partition);
  return owned;
}

// --- records

void SubscriptionCore::delivered(TopicPartition const& partition, Position position,
                                 std::vector<LaneItem> items) {
  auto const found = assignments_.find(partition);
  TRAM_ASSERT(found != assignments_.end(), "a record came from a partition that is not assigned");
  auto& owner = partitions_.at(found->second);
  owner.ledger.issue(position);
  if (items.empty()) return finish_record(owner, found->second, position);
  if (items.size() > 1) owner.messages_left[position] = items.size();
  owner.backlog += items.size();
  backlog_ += items.size();
  for (auto& item : items) {
    item.assignment = found->second;
    enqueue(owner, std::move(item));
  }
  check_backlog(owner);
}

void SubscriptionCore::enqueue(Partition& partition, LaneItem item) {
  auto const [lane, created] = partition.lanes.try_emplace(item.incoming.key);
  if (created) ready_.push_back({item.assignment, &*lane});
  lane->second.items.push_back(std::move(item));
}

void SubscriptionCore::finish_record(Partition& partition, Assignment assignment,
                                     Position position) {
  if (auto const left = partition.messages_left.find(position);
      left != partition.messages_left.end()) {
    if (--left->second > 0) return;
    partition.messages_left.erase(left);
  }
  partition.ledger.finish(position);
  if (std::exchange(partition.may_acknowledge, true)) return;
  acknowledgeable_.push_back(assignment);
}

void SubscriptionCore::check_backlog(Partition& partition) {
  bool const too_much = partition.backlog > options_.partition_backlog_max;
  bool const half = partition.backlog <= options_.partition_backlog_max / 2;
  if (partition.paused ? !half : !too_much) return;
  partition.paused = !partition.paused;
  flow_changes_.push_back({partition.name, partition.paused ? Flow::pause : Flow::resume});
}

std::vector<SubscriptionCore::FlowChange> SubscriptionCore::take_flow_changes() {
  return std::exchange(flow_changes_, {});
}

std::vector<SubscriptionCore::Acknowledgement> SubscriptionCore::take_acknowledgements() {
  std::vector<Acknowledgement> acknowledgements;
  for (auto const assignment : std::exchange(acknowledgeable_, {})) {
    auto& partition = partitions_.at(assignment);
    partition.may_acknowledge = false;
    auto const next = partition.ledger.take_acknowledgeable();
    if (next) acknowledgements.push_back({partition.name, *next});
  }
  return acknowledgements;
}

// --- starting

void SubscriptionCore::tick(SteadyTime now) {
  while (!pausing_.empty() && pausing_.begin()->first <= now) {
    ready_.push_back(pausing_.begin()->second);
    pausing_.erase(pausing_.begin());
  }
  if (pausing_.empty()) stuck_ = false;
}

SteadyTime SubscriptionCore::next_due() const {
  auto due = pausing_.empty() ? SteadyTime::max() : pausing_.begin()->first;
  if (breaker_.is_open() && !ready_.empty()) due = std::min(due, breaker_.probe_at());
  return due;
}

std::optional<Job> SubscriptionCore::take_job(SteadyTime now) {
  if (ready_.empty() || jobs_ >= jobs_max_) return std::nullopt;
  auto const permission = breaker_.permission(now);
  if (permission == CircuitBreaker::Permission::none) return std::nullopt;
  Job job;
  job.is_probe = permission == CircuitBreaker::Permission::one_probe;
  if (job.is_probe) breaker_.probing();
  std::size_t const items_max =
      job.is_probe || !may_share(ready_.front()) ? 1 : options_.messages_per_transaction;
  do {
    start(job);
  } while (job.items.size() < items_max && !ready_.empty() && may_share(ready_.front()));
  ++jobs_;
  return job;
}

bool SubscriptionCore::may_share(LaneReference const& reference) const {
  auto const& item = reference.lane->second.items.front();
  return !item.alone && !item.to_hold;
}

/// Moves the first message of the first lane into the job; the lane stays, also when it is empty
/// now, for it is what keeps later ones of its key waiting.
void SubscriptionCore::start(Job& job) {
  auto const reference = ready_.front();
  ready_.pop_front();
  auto& items = reference.lane->second.items;
  job.items.push_back(std::move(items.front()));
  items.pop_front();
  auto& item = job.items.back();
  item.incoming.attempt = item.failures + 1;
  ++partitions_.at(item.assignment).running;
  ++running_;
  ++running_here_;
}

// --- finishing

void SubscriptionCore::finished(Job job, SteadyTime now) {
  TRAM_ASSERT(jobs_ > 0, "a job came back that is not out");
  --jobs_;
  inform_breaker(job, now);
  for (auto& item : job.items) settle(std::move(item), now);
}

void SubscriptionCore::inform_breaker(Job const& job, SteadyTime now) {
  auto const away = std::ranges::find(job.items, Outcome::unavailable, &LaneItem::outcome);
  if (away == job.items.end()) {
    breaker_.succeeded();
    trouble_.clear();
    return;
  }
  job.is_probe ? breaker_.probe_failed(now) : breaker_.failed(now);
  if (breaker_.is_open()) trouble_ = away->reason;
}

void SubscriptionCore::settle(LaneItem item, SteadyTime now) {
  --running_;
  auto const found = partitions_.find(item.assignment);
  if (found == partitions_.end()) return;
  auto& partition = found->second;
  --partition.running;
  --running_here_;
  auto const lane = partition.lanes.find(item.incoming.key);
  TRAM_ASSERT(lane != partition.lanes.end(), "a message came back whose lane is gone");
  switch (item.outcome) {
    case Outcome::handled:
    case Outcome::duplicate:
    case Outcome::held:
    case Outcome::held_behind: complete(partition, lane, item); return;
    case Outcome::failed:
    case Outcome::hopeless:
    case Outcome::unavailable:
    case Outcome::run_alone: run_again({item.assignment, &*lane}, std::move(item), now); return;
  }
}

void SubscriptionCore::complete(Partition& partition, Lanes::iterator lane, LaneItem const& item) {
  if (lane->second.items.empty()) {
    partition.lanes.erase(lane);
  } else {
    ready_.push_back({item.assignment, &*lane});
  }
  --partition.backlog;
  --backlog_;
  check_backlog(partition);
  finish_record(partition, item.assignment, item.incoming.position);
}

void SubscriptionCore::run_again(LaneReference const& reference, LaneItem item, SteadyTime now) {
  int pause_of = 0;
  if (item.outcome == Outcome::run_alone) {
    item.alone = true;
  } else if (item.outcome == Outcome::unavailable) {
    pause_of = ++item.unavailable;
    stuck_ |= is_stuck(item);
    // Of several that share a transaction, the one to blame shows when they run alone.
    item.alone |= item.unavailable > 1;
    item.to_hold |= item.unavailable_with_database >= options_.retry.unavailable_max;
  } else {
    item.unavailable = item.unavailable_with_database = 0;
    ++item.failures;
    item.to_hold =
        item.outcome == Outcome::hopeless || item.failures >= options_.retry.attempts_max;
    if (!item.to_hold) pause_of = item.failures;
  }
  reference.lane->second.items.push_front(std::move(item));
  if (pause_of == 0) {
    ready_.push_back(reference);
  } else {
    pause_lane(reference, pause_of, now);
  }
}

/// Between half of the pause and all of it, so that many do not return in one moment.
void SubscriptionCore::pause_lane(LaneReference const& reference, int failures, SteadyTime now) {
  auto const half = options_.retry.pause_after(failures).count() / 2;
  auto const more = static_cast<Duration::rep>(random_.unit() * static_cast<double>(half));
  pausing_.emplace(now + Duration{half + more}, reference);
}

// --- what is wrong

/// Others may get on, so that the breaker never opens.
bool SubscriptionCore::is_stuck(LaneItem const& item) const {
  return item.unavailable >= options_.breaker.failures_max;
}

std::string SubscriptionCore::trouble() const {
  if (breaker_.is_open() || !stuck_) return trouble_;
  for (auto const& [until, reference] : pausing_) {
    auto const& item = reference.lane->second.items.front();
    if (is_stuck(item)) return item.reason;
  }
  return trouble_;
}

}  // namespace tram
