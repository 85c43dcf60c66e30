#include "subscription_core.hpp"

#include <algorithm>
#include <utility>

#include "pauses.hpp"
#include "tram/base/assert.hpp"
#include "tram/base/error.hpp"

namespace tram {
namespace {

/// Messages that have not met the trouble yet, out at the same time while the breaker is open.
constexpr std::size_t untried_max = 3;
/// A database that is away is asked this often at least: that costs nothing, and nothing gets on
/// without it.
constexpr Duration database_pause_longest{std::chrono::seconds{2}};
/// One lane counts as this part of a partition's limit at most, so that a key with much to do does
/// not keep the others of its partition from being read; all that waits for such lanes is bounded
/// by number and size.
constexpr std::size_t lanes_min = 32;
constexpr std::size_t surplus_factor = 10;
constexpr std::size_t surplus_bytes = std::size_t{32} * 1024 * 1024;

/// When it is put right, what waits for it goes on within seconds.
bool is_of_database(Cause cause) { return cause == Cause::database || cause == Cause::setup; }

}  // namespace

SubscriptionCore::SubscriptionCore(SubscriptionOptions const& options, std::size_t batches_max,
                                   Random& random)
    : options_{options}, batches_max_{batches_max}, random_{random}, breaker_{options.breaker} {}

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
  bytes_ -= partition.bytes;
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
                                 std::vector<QueuedMessage> messages) {
  auto const found = assignments_.find(partition);
  if (found == assignments_.end()) {
    throw Error{Fault::broken, "broker: a record came of partition " +
                                   std::to_string(partition.partition) + " of '" +
                                   partition.channel +
                                   "', which is not assigned here; the group is joined again"};
  }
  auto& owner = partitions_.at(found->second);
  owner.ledger.issue(position);
  if (messages.empty()) return finish_record(owner, found->second, position);
  if (messages.size() > 1) owner.messages_left[position] = messages.size();
  for (auto& message : messages) {
    message.assignment = found->second;
    enqueue(owner, std::move(message));
  }
  check_backlog(owner);
}

void SubscriptionCore::enqueue(Partition& partition, QueuedMessage message) {
  auto const [lane, created] = partition.lanes.try_emplace(message.incoming.key);
  if (created) ready_.push_back({message.assignment, &*lane});
  auto const bytes = message.bytes();
  ++partition.backlog;
  ++backlog_;
  partition.bytes += bytes;
  bytes_ += bytes;
  if (lane->second.size() < lane_share()) ++partition.counted;
  lane->second.messages.push_back(std::move(message));
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

std::size_t SubscriptionCore::lane_share() const {
  return std::max<std::size_t>(options_.partition_backlog_max / lanes_min, 1);
}

/// Whether more waits than one of `parts` of what may.
bool SubscriptionCore::exceeds(Partition const& partition, std::size_t parts) const {
  auto const allowed = options_.partition_backlog_max / parts;
  if (partition.counted > allowed) return true;
  return partition.backlog > allowed &&
         (partition.backlog > surplus_factor * allowed || bytes_ > surplus_bytes / parts);
}

void SubscriptionCore::check_backlog(Partition& partition) {
  if (partition.paused ? exceeds(partition, 2) : !exceeds(partition, 1)) return;
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
    auto const last = partition.ledger.take_acknowledgeable();
    if (last) acknowledgements.push_back({partition.name, *last});
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
  if (!breaker_.is_open() || ready_.empty() || batches_out_ >= batches_max_) return due;
  due = std::min(due, breaker_.probe_at());
  return some_untried_may_run() ? std::min(due, next_untried_) : due;
}

std::optional<Batch> SubscriptionCore::take_batch(SteadyTime now) {
  if (ready_.empty() || batches_out_ >= batches_max_) return std::nullopt;
  auto const permitted = trial(now);
  if (!permitted) return std::nullopt;
  Batch batch{.messages = {}, .trial = *permitted};
  bool const alone = batch.trial != Batch::Trial::none || !may_share(ready_.front());
  auto const messages_max = alone ? 1 : options_.messages_per_transaction;
  do {
    start(batch);
  } while (batch.messages.size() < messages_max && !ready_.empty() && may_share(ready_.front()));
  ++batches_out_;
  return batch;
}

/// How the next batch may run, if it may. While the breaker is open, messages that have not met the
/// trouble go first: what a few messages meet must not keep the others waiting.
std::optional<Batch::Trial> SubscriptionCore::trial(SteadyTime now) {
  auto const permission = breaker_.permission(now);
  if (permission == CircuitBreaker::Permission::all) return Batch::Trial::none;
  bool const probes = permission == CircuitBreaker::Permission::one_probe;
  if (!probes && (now < next_untried_ || !some_untried_may_run())) return std::nullopt;
  if (auto const untried = first_untried(); untried != ready_.end()) {
    std::rotate(ready_.begin(), untried, untried + 1);
  }
  next_untried_ = now + options_.breaker.open_first;
  if (probes) {
    breaker_.probing();
    return Batch::Trial::probe;
  }
  ++untried_out_;
  return Batch::Trial::untried;
}

std::deque<SubscriptionCore::LaneReference>::iterator SubscriptionCore::first_untried() {
  return std::ranges::find_if(ready_, [](LaneReference const& each) {
    return each.lane->second.messages.front().unavailable == 0;
  });
}

bool SubscriptionCore::some_untried_may_run() const {
  return !database_away_ && untried_out_ < untried_max &&
         std::ranges::any_of(
             ready_,
             [](LaneReference const& each) {
               return each.lane->second.messages.front().unavailable == 0;
             });
}

bool SubscriptionCore::may_share(LaneReference const& reference) const {
  auto const& message = reference.lane->second.messages.front();
  return !message.alone && !message.to_hold;
}

/// Moves the first message of the first lane into the batch; the lane stays, also when it is empty
/// now, for it is what keeps later ones of its key waiting.
void SubscriptionCore::start(Batch& batch) {
  auto const reference = ready_.front();
  ready_.pop_front();
  auto& lane = reference.lane->second;
  lane.runs = true;
  batch.messages.push_back(std::move(lane.messages.front()));
  lane.messages.pop_front();
  auto& message = batch.messages.back();
  message.incoming.attempt = message.failures + 1;
  if (message.unavailable == 0) message.seen_getting_on = got_on_;
  ++partitions_.at(message.assignment).running;
  ++running_;
  ++running_here_;
}

// --- finishing

void SubscriptionCore::finished(Batch batch, RunResults const& results, SteadyTime now) {
  TRAM_ASSERT(batches_out_ > 0, "a batch came back that is not out");
  TRAM_ASSERT(results.size() == batch.messages.size(), "every message of a batch has a result");
  --batches_out_;
  if (batch.trial == Batch::Trial::untried) --untried_out_;
  inform_breaker(batch, results, now);
  for (std::size_t i = 0; i < results.size(); ++i) {
    settle(std::move(batch.messages[i]), results[i], now);
  }
}

/// The breaker opens for what many different messages meet: one that meets it again says nothing
/// new, unless it is the database that is away.
void SubscriptionCore::inform_breaker(Batch const& batch, RunResults const& results,
                                      SteadyTime now) {
  auto const away = std::ranges::find(results, RunStatus::unavailable, &RunResult::status);
  if (away == results.end()) {
    ++got_on_;
    database_away_ = false;
    breaker_.succeeded();
    trouble_.clear();
    return;
  }
  database_away_ = !away->database_answers;
  auto const& message = batch.messages[static_cast<std::size_t>(away - results.begin())];
  if (batch.trial == Batch::Trial::probe) {
    auto const longest = options_.breaker.open_longest;
    bool const of_database = is_of_database(away->cause);
    breaker_.probe_failed(now, of_database ? std::min(longest, database_pause_longest) : longest);
  } else if (database_away_ || meets_trouble_first(message)) {
    breaker_.failed(now);
  }
  if (breaker_.is_open()) trouble_ = away->reason;
}

/// For the first time since anything got on.
bool SubscriptionCore::meets_trouble_first(QueuedMessage const& message) const {
  return message.unavailable == 0 || message.seen_getting_on != got_on_;
}

void SubscriptionCore::settle(QueuedMessage message, RunResult const& result, SteadyTime now) {
  --running_;
  auto const found = partitions_.find(message.assignment);
  if (found == partitions_.end()) return;
  auto& partition = found->second;
  --partition.running;
  --running_here_;
  auto const lane = partition.lanes.find(message.incoming.key);
  TRAM_ASSERT(lane != partition.lanes.end(), "a message came back whose lane is gone");
  switch (result.status) {
    case RunStatus::handled:
    case RunStatus::duplicate:
    case RunStatus::held:
    case RunStatus::held_behind: complete(partition, lane, message); return;
    case RunStatus::failed:
    case RunStatus::hopeless:
    case RunStatus::unavailable:
    case RunStatus::run_alone:
      run_again({message.assignment, &*lane}, std::move(message), result, now);
      return;
  }
}

void SubscriptionCore::complete(Partition& partition, Lanes::iterator lane,
                                QueuedMessage const& message) {
  auto& [messages, runs] = lane->second;
  if (messages.size() < lane_share()) --partition.counted;
  runs = false;
  if (messages.empty()) {
    partition.lanes.erase(lane);
  } else {
    ready_.push_back({message.assignment, &*lane});
  }
  auto const bytes = message.bytes();
  --partition.backlog;
  --backlog_;
  partition.bytes -= bytes;
  bytes_ -= bytes;
  check_backlog(partition);
  finish_record(partition, message.assignment, message.incoming.position);
}

void SubscriptionCore::run_again(LaneReference const& reference, QueuedMessage message,
                                 RunResult const& result, SteadyTime now) {
  // What keeps it from being held is not why it is.
  if (!message.to_hold) message.reason = result.reason;
  message.trouble = result.reason;
  auto const pause = pause_of(message, result, now);
  auto& lane = reference.lane->second;
  lane.runs = false;
  lane.messages.push_front(std::move(message));
  if (!pause) {
    ready_.push_back(reference);
  } else {
    pausing_.emplace(now + jittered(*pause, random_), reference);
  }
}

/// Notes with the message what the run came to; how long its lane waits, if it does.
std::optional<Duration> SubscriptionCore::pause_of(QueuedMessage& message, RunResult const& result,
                                                   SteadyTime now) {
  if (result.status == RunStatus::run_alone) {
    message.alone = true;
    return std::nullopt;
  }
  if (result.status == RunStatus::unavailable) return pause_of_unavailable(message, result, now);
  message.setup_counted.reset();
  message.unavailable = message.unavailable_itself = message.unavailable_alone = 0;
  ++message.failures;
  message.to_hold =
      result.status == RunStatus::hopeless || message.failures >= options_.retry.attempts_max;
  if (message.to_hold) return std::nullopt;
  return options_.retry.pause_after(message.failures);
}

/// What a statement of the handler's raised is the message's own affair when others got on
/// meanwhile; what the database raised elsewhere never is.
Duration SubscriptionCore::pause_of_unavailable(QueuedMessage& message, RunResult const& result,
                                                SteadyTime now) {
  bool const others_got_on = std::exchange(message.seen_getting_on, got_on_) != got_on_;
  bool const counts = result.cause == Cause::statement ||
                      (result.cause == Cause::setup && setup_counts(message, others_got_on, now));
  bool const itself = is_its_own(result) || (counts && result.database_answers && others_got_on);
  ++message.unavailable;
  stuck_ |= is_stuck(message);
  // Of several that share a transaction, the one to blame shows when they run alone.
  message.alone |= result.cause != Cause::database || message.unavailable > 1;
  if (itself) ++message.unavailable_itself;
  message.to_hold |= message.unavailable_itself >= options_.retry.unavailable_max;
  bool const of_database = is_of_database(result.cause);
  bool const alone = !others_got_on && !of_database && result.database_answers;
  message.unavailable_alone = alone ? message.unavailable_alone + 1 : 0;
  auto const quick = options_.retry.pause_after(message.unavailable);
  if (of_database) return std::min(quick, database_pause_longest);
  return std::max(quick, pause_alone(options_, std::max(message.unavailable_alone, 1)));
}

/// It is asked for often, so that messages go on soon after it is put right, and counts seldom, so
/// that there is time to put it right.
bool SubscriptionCore::setup_counts(QueuedMessage& message, bool others_got_on, SteadyTime now) {
  if (!message.setup_counted) message.setup_counted = now;
  if (!others_got_on || now - *message.setup_counted < options_.breaker.open_longest) return false;
  message.setup_counted = now;
  return true;
}

// --- what is wrong

/// Others may get on, so that the breaker never opens.
bool SubscriptionCore::is_stuck(QueuedMessage const& message) const {
  return message.unavailable >= options_.breaker.failures_max;
}

std::string SubscriptionCore::trouble() const {
  if (breaker_.is_open() || !stuck_) return trouble_;
  for (auto const& [until, reference] : pausing_) {
    auto const& message = reference.lane->second.messages.front();
    if (is_stuck(message)) return message.trouble;
  }
  return trouble_;
}

}  // namespace tram
