#include "memory_log.hpp"

#include <algorithm>
#include <utility>

#include "tram/wire/channel_name.hpp"
#include "tram/wire/murmur2.hpp"

namespace tram::embedded {

MemoryChannel::MemoryChannel(std::string name, std::int32_t partitions, std::size_t records_max)
    : name_{std::move(name)},
      records_max_{records_max},
      partitions_(static_cast<std::size_t>(partitions)) {}

void MemoryChannel::append(std::string_view key, std::string_view value, SteadyTime visible_at) {
  auto const number = static_cast<std::size_t>(kafka_partition(key, partitions()));
  Stored stored{.key = std::string{key}, .value = std::string{value}, .visible_at = visible_at};
  Lock const lock{mutex_};
  auto& partition = partitions_[number];
  partition.records.push_back(std::move(stored));
  if (records_max_ > 0 && partition.records.size() > records_max_) {
    partition.records.pop_front();
    ++partition.first;
  }
  for (auto const& signal : listeners_) signal->ring();
}

Offset MemoryChannel::read(std::int32_t number, Offset from, std::size_t max, SteadyTime now,
                           std::vector<ConsumerEvent>& events) const {
  Lock const lock{mutex_};
  auto const& partition = partitions_[static_cast<std::size_t>(number)];
  auto next = std::max(from, partition.first);
  for (; next < partition.end() && max > 0; ++next, --max) {
    auto const& record = partition.records[static_cast<std::size_t>(next - partition.first)];
    if (record.visible_at > now) break;
    events.emplace_back(Delivery{.source = {name_, number},
                                 .position = position_at(next),
                                 .key = record.key,
                                 .value = record.value});
  }
  return next;
}

Offset MemoryChannel::end(std::int32_t partition) const {
  Lock const lock{mutex_};
  return partitions_[static_cast<std::size_t>(partition)].end();
}

void MemoryChannel::listen(std::shared_ptr<EventSignal> signal) {
  Lock const lock{mutex_};
  listeners_.push_back(std::move(signal));
}

void MemoryChannel::forget(std::shared_ptr<EventSignal> const& signal) {
  Lock const lock{mutex_};
  std::erase(listeners_, signal);
}

MemoryChannel* MemoryLog::find(std::string_view channel) {
  Lock const lock{mutex_};
  auto const found = channels_.find(channel);
  return found == channels_.end() ? nullptr : found->second.get();
}

std::vector<std::string> MemoryLog::missing(std::span<std::string const> channels) {
  std::vector<std::string> all;
  for (auto const& channel : channels) {
    check_channel_name(channel);
    if (find(channel) == nullptr) all.push_back(channel);
  }
  return all;
}

bool MemoryLog::create(std::string const& channel, std::int32_t partitions) {
  Lock const lock{mutex_};
  auto& place = channels_[channel];
  if (place) return false;
  place = std::make_unique<MemoryChannel>(channel, partitions, records_max_);
  return true;
}

std::optional<Offset> MemoryLog::claim(std::string const& group, Claim const& claim) {
  Lock const lock{mutex_};
  auto& stored = progress_[{group, claim.partition}];
  stored.generation = std::max(stored.generation, claim.generation);
  return stored.next;
}

void MemoryLog::store(std::string const& group, std::span<Progress const> progress) {
  Lock const lock{mutex_};
  for (auto const& each : progress) {
    auto& stored = progress_[{group, each.partition}];
    if (stored.generation == each.generation) stored.next = each.next;
  }
}

}  // namespace tram::embedded
