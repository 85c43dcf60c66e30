#include "late_start.hpp"

#include <algorithm>
#include <utility>

#include "faults.hpp"
#include "metadata.hpp"
#include "partition_lists.hpp"
#include "position_notes.hpp"
#include "principal.hpp"
#include "tram/wire/murmur2.hpp"

namespace tram::kafka {
namespace {

constexpr int patience{5'000};
/// What is noted of more would not fit beside a position: of these only their own positions tell.
constexpr std::size_t channels_noted_max{20};

using Code = rd_kafka_resp_err_t;
using List = rd_kafka_topic_partition_list_t;

std::uint32_t hash_of(std::string_view channel) {
  return static_cast<std::uint32_t>(murmur2(channel));
}

PartitionsHandle copy_of(List const* list) {
  return PartitionsHandle{rd_kafka_topic_partition_list_copy(list)};
}

/// The answer for each is in its entry.
void store_and_wait(rd_kafka_t* client, List* positions) {
  auto const take = [](rd_kafka_t*, Code, List* answers, void* opaque) {
    if (answers == nullptr) return;
    auto& list = *static_cast<List*>(opaque);
    for (int i = 0; i < list.cnt; ++i) {
      auto& entry = list.elems[i];
      auto const* const answer =
          rd_kafka_topic_partition_list_find(answers, entry.topic, entry.partition);
      if (answer != nullptr) entry.err = answer->err;
    }
  };
  auto const code = rd_kafka_commit_queue(client, positions, nullptr, take, positions);
  for (int i = 0; i < positions->cnt; ++i) {
    auto& entry = positions->elems[i];
    if (entry.err == RD_KAFKA_RESP_ERR_NO_ERROR) entry.err = code;
  }
}

bool has(List const* list, Code code) {
  return std::ranges::any_of(entries(list), [&](auto const& entry) { return entry.err == code; });
}

bool has_failed(List const* list) {
  return std::ranges::any_of(
      entries(list), [](auto const& entry) { return entry.err != RD_KAFKA_RESP_ERR_NO_ERROR; });
}

}  // namespace

LateStart::LateStart(rd_kafka_t* client, Group group)
    : client_{client},
      about_{std::move(group.about)},
      channels_{group.channels.begin(), group.channels.end()} {
  for (auto const& channel : group.known) known_.insert(hash_of(channel));
  note_.owner = std::move(group.owner);
  for (auto const& channel : channels_) note_.begun.push_back(hash_of(channel));
  if (note_.begun.size() > channels_noted_max) note_.begun.resize(channels_noted_max);
}

std::optional<Error> LateStart::begin() {
  try {
    store_ends();
  } catch (Error const& error) { return error; }
  return std::nullopt;
}

void LateStart::store_ends() {
  auto const all = all_partitions();
  if (all->cnt == 0 || newborn(all.get())->cnt == 0) return;
  auto const ends = copy_of(all.get());
  for (int i = 0; i < ends->cnt; ++i) ends->elems[i].offset = RD_KAFKA_OFFSET_END;
  require(rd_kafka_offsets_for_times(client_, ends.get(), patience), "look up where it begins");
  require_each(ends.get(), "look up where it begins");
  // Only now is it known that nobody had begun before the ends were looked up. However late they
  // are stored, what comes after the first member has begun is behind them.
  auto const positions = newborn(ends.get());
  if (positions->cnt == 0) return;
  store(positions.get());
  if (has(positions.get(), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID)) {
    // Others are members, maybe of a time before this channel was read: each stores its own.
    auto const left = newborn(all.get());
    for (auto const& entry : entries(left.get())) newborn_.insert(partition_of(entry));
    return;
  }
  require_each(positions.get(), "store where it begins");
}

PartitionsHandle LateStart::all_partitions() const {
  auto all = new_list();
  for (auto const& channel : channels_) {
    auto const what = "look up channel '" + channel + "'";
    auto const [code, found] = metadata_of(client_, channel, patience);
    require(code, what);
    require(found->topic_cnt == 1 ? found->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
            what);
    auto const& topic = found->topics[0];
    for (std::int32_t number = 0; number < topic.partition_cnt; ++number)
      add(all.get(), {.channel = channel, .partition = number});
  }
  return all;
}

PartitionsHandle LateStart::newborn(List const* partitions) const {
  auto const stored = copy_of(partitions);
  require(rd_kafka_committed(client_, stored.get(), patience), "look up what is stored");
  require_each(stored.get(), "look up what is stored");
  auto const begun = channels_begun(stored.get());
  auto found = new_list();
  for (int i = 0; i < stored->cnt; ++i) {
    auto const& entry = stored->elems[i];
    if (entry.offset >= 0 || begun.contains(hash_of(entry.topic))) continue;
    add(found.get(), partition_of(entry)).offset = partitions->elems[i].offset;
  }
  return found;
}

std::set<std::uint32_t> LateStart::channels_begun(List const* stored) const {
  auto begun = known_;
  for (auto const& entry : entries(stored)) {
    auto const note = note_of(entry);
    if (note.begun.empty()) continue;
    begun.insert(hash_of(entry.topic));
    begun.insert(note.begun.begin(), note.begun.end());
  }
  return begun;
}

void LateStart::store(List* positions) const {
  for (int i = 0; i < positions->cnt; ++i) set_note(client_, positions->elems[i], note_);
  store_and_wait(client_, positions);
  if (!has(positions, RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE)) return;
  for (int i = 0; i < positions->cnt; ++i) {
    auto& entry = positions->elems[i];
    set_note(client_, entry, {});
    entry.err = RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  store_and_wait(client_, positions);
}

Code LateStart::look_up(List* partitions, std::chrono::milliseconds timeout) {
  auto const milliseconds = static_cast<int>(timeout.count());
  auto code = rd_kafka_committed(client_, partitions, milliseconds);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
  auto const positions = unstored(partitions);
  if (positions->cnt > 0) {
    code = rd_kafka_offsets_for_times(client_, positions.get(), milliseconds);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
    if (!has_failed(positions.get())) store(positions.get());
    take(positions.get(), partitions);
  }
  // What is without a position from now on came later.
  if (!has_failed(partitions)) newborn_.clear();
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

void LateStart::take(List const* positions, List* partitions) const {
  for (auto const& entry : entries(positions)) {
    auto& answer = *rd_kafka_topic_partition_list_find(partitions, entry.topic, entry.partition);
    answer.offset = entry.offset;
    answer.err = entry.err;
    set_note(client_, answer, note_);
  }
}

PartitionsHandle LateStart::unstored(List const* stored) const {
  auto found = new_list();
  for (auto const& entry : entries(stored)) {
    if (entry.err != RD_KAFKA_RESP_ERR_NO_ERROR || entry.offset >= 0) continue;
    auto const partition = partition_of(entry);
    add(found.get(), partition).offset =
        newborn_.contains(partition) ? RD_KAFKA_OFFSET_END : RD_KAFKA_OFFSET_BEGINNING;
  }
  return found;
}

void LateStart::require(Code code, std::string const& what) const {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  throw with_principal(error_of(code, about_ + ", " + what), client_);
}

void LateStart::require_each(List const* partitions, std::string const& what) const {
  for (auto const& entry : entries(partitions)) {
    if (entry.err == RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    auto const whole = about_ + ", channel '" + entry.topic + "', " + what;
    throw with_principal(error_of(entry.err, whole), client_);
  }
}

}  // namespace tram::kafka
