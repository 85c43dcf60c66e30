#include "group_owners.hpp"

#include <algorithm>
#include <chrono>
#include <span>

#include "metadata.hpp"
#include "position_notes.hpp"

namespace tram::kafka {
namespace {

/// Brokers take 4 KiB, and everybody reads it.
constexpr std::size_t owner_bytes_max{200};
constexpr int patience{3'000};
/// Members sign what they were given soon after; two looks agree a little later.
constexpr std::chrono::seconds first_look_after{1};
constexpr std::chrono::seconds second_look_after{2};
constexpr std::chrono::seconds look_interval{10};

}  // namespace

GroupOwners::GroupOwners(rd_kafka_t* client, EventDescriptor const& news, std::string const& owner,
                         std::vector<std::string> channels, std::vector<std::uint32_t> begun)
    : client_{client},
      news_{news},
      owner_{owner.substr(0, owner_bytes_max)},
      channels_{std::move(channels)},
      begun_{std::move(begun)} {}

void GroupOwners::sign(rd_kafka_topic_partition_t& position,
                       std::optional<Landmark> const& landmark) const {
  set_note(client_, position, {.landmark = landmark, .begun = begun_, .owner = owner_});
}

bool GroupOwners::is_foreign(PositionNote const& note) const {
  return !owner_.empty() && note.owner != owner_;
}

void GroupOwners::begin(SteadyTime now) {
  before_.reset();
  outdated_ = asking_;
  if (!owner_.empty()) next_look_ = now + first_look_after;
}

void GroupOwners::look(std::set<TopicPartition> owned) {
  asking_ = true;
  answered_ = false;
  thread_ = std::jthread{[this, owned = std::move(owned)] {
    answer_ = read(owned);
    answered_ = true;
    news_.ring();
  }};
}

std::optional<std::vector<std::string>> GroupOwners::take(SteadyTime now) {
  if (!asking_ || !answered_) return std::nullopt;
  thread_.join();
  asking_ = false;
  if (std::exchange(outdated_, false)) return std::nullopt;
  auto const before = std::exchange(before_, std::move(answer_));
  next_look_ = now + (before ? std::chrono::seconds{look_interval} : second_look_after);
  if (!before) return std::nullopt;
  std::set<std::string> others;
  for (auto const& [partition, owner] : *before_) {
    auto const found = before->find(partition);
    if (found != before->end() && found->second == owner) others.insert(owner);
  }
  if (std::ranges::equal(others, told_)) return std::nullopt;
  told_.assign(others.begin(), others.end());
  return told_;
}

/// Of the partitions that are not ours. What cannot be read now is read the next time.
GroupOwners::Owners GroupOwners::read(std::set<TopicPartition> const& owned) const {
  Owners owners;
  auto const list = without(owned);
  if (list->cnt == 0) return owners;
  if (rd_kafka_committed(client_, list.get(), patience) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return owners;
  for (auto const& entry : std::span{list->elems, static_cast<std::size_t>(list->cnt)}) {
    auto note = note_of(entry);
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR || note.owner.empty()) continue;
    if (!is_foreign(note)) continue;
    owners.emplace(TopicPartition{.channel = entry.topic, .partition = entry.partition},
                   std::move(note.owner));
  }
  return owners;
}

PartitionsHandle GroupOwners::without(std::set<TopicPartition> const& owned) const {
  PartitionsHandle list{rd_kafka_topic_partition_list_new(8)};
  for (auto const& channel : channels_) {
    auto const [code, found] = metadata_of(client_, channel, patience);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR || found->topic_cnt != 1) continue;
    for (std::int32_t number = 0; number < found->topics[0].partition_cnt; ++number) {
      if (owned.contains({.channel = channel, .partition = number})) continue;
      rd_kafka_topic_partition_list_add(list.get(), channel.c_str(), number);
    }
  }
  return list;
}

}  // namespace tram::kafka
