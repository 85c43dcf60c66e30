#include "local_consumer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tram/base/error.hpp"

namespace tram::embedded {
namespace {

/// Enough to spread the cost of a poll, and few enough to be handled before the next one is due.
constexpr std::size_t deliveries_max{500};

}  // namespace

void add_partitions(ConsumerOrder& order, std::string const& channel, std::int32_t partitions) {
  for (std::int32_t number = 0; number < partitions; ++number) {
    TopicPartition partition{.channel = channel, .partition = number};
    bool const known = std::ranges::find(order.wanted, partition) != order.wanted.end();
    if (!known) order.wanted.push_back(std::move(partition));
  }
}

LocalConsumer::LocalConsumer(ConsumerParts parts, ConsumerOrder order)
    : parts_{std::move(parts)}, order_{std::move(order)} {
  if (order_.mode.kind == ConsumerMode::Kind::broadcast) {
    listen();
  } else {
    join();
  }
  parts_.signal->ring();
}

LocalConsumer::~LocalConsumer() { leave(); }

std::vector<ConsumerEvent> LocalConsumer::poll() {
  Events events;
  if (closed_) return events;
  parts_.signal->clear();
  if (order_.mode.kind == ConsumerMode::Kind::broadcast) {
    announce(events);
  } else {
    follow_group(events);
  }
  deliver(events);
  return events;
}

void LocalConsumer::acknowledge(TopicPartition const& partition, Position last) {
  auto* const owned = find(partition);
  if (owned != nullptr) owned->acknowledged = offset_of(last) + 1;
}

void LocalConsumer::pause(TopicPartition const& partition) {
  if (auto* const owned = find(partition)) owned->paused = true;
}

void LocalConsumer::resume(TopicPartition const& partition) {
  auto* const owned = find(partition);
  if (owned == nullptr) return;
  owned->paused = false;
  parts_.signal->ring();
}

void LocalConsumer::close(Duration) noexcept {
  if (closed_) return;
  // One that was put out owns nothing any more: the store refuses what others have claimed. Late is
  // harmless: what was not stored comes again.
  if (membership_) (void)try_to_store();
  leave();
  closed_ = true;
}

bool LocalConsumer::try_to_store() noexcept {
  try {
    store_acknowledged();
    return true;
  } catch (Error const&) { return false; }
}

/// Everything from now on, which is why the positions are taken here and not at the first poll.
void LocalConsumer::listen() {
  for (auto const& partition : order_.wanted) {
    Owned owned;
    owned.partition = partition;
    owned.next = parts_.store->end(partition);
    owned_.push_back(std::move(owned));
  }
}

void LocalConsumer::announce(Events& events) {
  if (std::exchange(announced_, true)) return;
  for (auto const& owned : owned_) events.emplace_back(Assigned{owned.partition});
}

void LocalConsumer::follow_group(Events& events) {
  auto const turn = parts_.groups->turn(*membership_, parts_.clock.steady());
  if (!turn.is_member) {
    lose_everything(events);
    return;
  }
  tell_others(turn.others, events);
  claims_.insert(claims_.end(), turn.take.begin(), turn.take.end());
  if (storing_is_due()) store_acknowledged();
  finish_revocations();
  begin_revocations(turn.give_up, events);
  assign(events);
}

void LocalConsumer::tell_others(std::set<std::string> const& others, Events& events) {
  if (std::ranges::equal(others, others_)) return;
  others_.assign(others.begin(), others.end());
  events.emplace_back(GroupShared{others_});
}

void LocalConsumer::join() {
  membership_ = parts_.groups->join(order_.mode.group, order_.generation, order_.wanted,
                                    parts_.signal, parts_.clock.steady(), order_.mode.owner);
}

void LocalConsumer::lose_everything(Events& events) {
  for (auto const& owned : owned_) {
    if (!owned.leaving) events.emplace_back(Revoked{owned.partition});
  }
  owned_.clear();
  claims_.clear();
  leave();
  join();
}

void LocalConsumer::finish_revocations() {
  for (auto const& owned : owned_) {
    if (owned.leaving) parts_.groups->release(*membership_, owned.partition);
  }
  std::erase_if(owned_, [](Owned const& owned) { return owned.leaving; });
}

void LocalConsumer::begin_revocations(std::vector<TopicPartition> const& partitions,
                                      Events& events) {
  for (auto const& partition : partitions) {
    auto const unclaimed =
        std::erase_if(claims_, [&](Claim const& claim) { return claim.partition == partition; });
    if (unclaimed > 0) parts_.groups->release(*membership_, partition);
    auto* const owned = find(partition);
    if (owned == nullptr) continue;
    owned->leaving = true;
    events.emplace_back(Revoked{partition});
    // The caller shall poll again soon: somebody waits for the partition.
    parts_.signal->ring();
  }
}

void LocalConsumer::assign(Events& events) {
  try {
    for (; !claims_.empty(); claims_.pop_front()) {
      auto const& claim = claims_.front();
      Owned owned;
      owned.partition = claim.partition;
      owned.generation = claim.generation;
      owned.next = start_of(claim);
      owned_.push_back(std::move(owned));
      events.emplace_back(Assigned{claim.partition});
    }
  } catch (Error const&) { raise_later(events); }
}

Offset LocalConsumer::start_of(Claim const& claim) {
  auto const stored = parts_.store->claim(order_.mode.group, claim);
  if (stored) return *stored;
  if (order_.mode.start == ConsumerMode::Start::earliest) return 0;
  // Stored before anything is read: what comes from now on is the group's, also after a crash.
  auto const end = parts_.store->end(claim.partition);
  parts_.store->store(order_.mode.group,
                      std::array{Progress{claim.partition, claim.generation, end}});
  return end;
}

bool LocalConsumer::storing_is_due() const {
  auto const leaving = std::ranges::any_of(owned_, [](Owned const& each) { return each.leaving; });
  return leaving || parts_.clock.steady() - stored_at_ >= order_.store_interval;
}

void LocalConsumer::store_acknowledged() {
  std::vector<Progress> progress;
  for (auto const& owned : owned_) {
    if (owned.acknowledged) {
      progress.push_back({owned.partition, owned.generation, *owned.acknowledged});
    }
  }
  if (progress.empty()) return;
  parts_.store->store(order_.mode.group, progress);
  for (auto& owned : owned_) owned.acknowledged.reset();
  stored_at_ = parts_.clock.steady();
}

void LocalConsumer::deliver(Events& events) {
  auto left = deliveries_max;
  // Begins with another partition each time, so that a busy one does not starve the others.
  ++first_to_read_;
  for (std::size_t i = 0; i < owned_.size() && left > 0; ++i) {
    auto& owned = owned_[(first_to_read_ + i) % owned_.size()];
    if (owned.paused || owned.leaving) continue;
    auto const before = events.size();
    read(owned, left, events);
    // With those that tell of records that expired they may be more.
    left -= std::min(left, events.size() - before);
  }
  if (left == 0) parts_.signal->ring();
}

void LocalConsumer::read(Owned& owned, std::size_t max, Events& events) {
  auto const before = events.size();
  try {
    owned.next = parts_.store->read(owned.partition, owned.next, max, events);
  } catch (Error const&) {
    events.erase(events.begin() + static_cast<std::ptrdiff_t>(before), events.end());
    raise_later(events);
  }
}

/// Raises the fault being handled, unless something was announced in this poll: that must reach the
/// caller, and the fault will show again in the next one.
void LocalConsumer::raise_later(Events const& events) {
  if (events.empty()) throw;
  parts_.signal->ring();
}

LocalConsumer::Owned* LocalConsumer::find(TopicPartition const& partition) {
  auto const found = std::ranges::find(owned_, partition, &Owned::partition);
  return found == owned_.end() ? nullptr : &*found;
}

void LocalConsumer::leave() noexcept {
  if (membership_) parts_.groups->leave(*membership_);
  membership_.reset();
}

}  // namespace tram::embedded
