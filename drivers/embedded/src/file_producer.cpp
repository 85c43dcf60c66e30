#include "file_producer.hpp"

#include <utility>

#include "file_schema.hpp"
#include "record_rules.hpp"
#include "tram/base/assert.hpp"
#include "tram/wire/murmur2.hpp"

namespace tram::embedded {
namespace {

constexpr std::size_t bytes_max{std::size_t{16} << 20U};
/// Old records go at twice the speed of new ones, and a little faster.
constexpr std::size_t removals_per_record{2};
constexpr std::size_t removals_more{100};

/// Before a connection is made to what took the place of the file.
std::shared_ptr<FileState> sound(std::shared_ptr<FileState> state) {
  Lock const mine{state->turn};
  state->require_file();
  return state;
}

}  // namespace

FileProducer::FileProducer(std::shared_ptr<FileState> state)
    : state_{sound(std::move(state))},
      connection_{state_->config.path, state_->config.durability, FileConnection::Missing::refuse},
      transaction_{connection_},
      next_position_{connection_, "append to", next_position_statement},
      insert_{connection_, "append to",
              "INSERT INTO tram_record (place, time, key, value) VALUES (?, ?, ?, ?)"},
      retention_{connection_, state_->config.retention, state_->config.group_retention} {}

bool FileProducer::submit(RecordView const& record, Sequence sequence) {
  state_->require_this_process();
  TRAM_ASSERT(!last_ || sequence > *last_, "sequences ascend");
  if (finished_) throw Error{Fault::broken, "embedded: this producer is finished; take a new one"};
  if (is_full()) return false;
  last_ = sequence;
  if (auto refused = collect(record, sequence)) {
    completions_.push_back({.sequence = sequence, .error = std::move(refused)});
  }
  return true;
}

std::vector<Completion> FileProducer::completions() {
  if (!collected_.empty()) commit();
  return std::exchange(completions_, {});
}

bool FileProducer::is_full() const {
  return collected_.size() + completions_.size() >= state_->config.window ||
         bytes_.size() >= bytes_max;
}

std::optional<Error> FileProducer::collect(RecordView const& record, Sequence sequence) {
  if (auto refused = refusal(record, state_->config.record_bytes_max)) return refused;
  if (channel_ == nullptr || channel_->name() != record.channel) {
    channel_ = state_->channels.find(record.channel);
    if (channel_ == nullptr) return missing_channel(record.channel);
  }
  auto const number = kafka_partition(record.key, channel_->partitions());
  auto const begin = bytes_.size();
  bytes_.append(record.key).append(record.value);
  collected_.push_back({.sequence = sequence,
                        .channel = channel_,
                        .partition = &channel_->partition(number),
                        .key_begin = begin,
                        .value_begin = begin + record.key.size(),
                        .value_end = bytes_.size()});
  return std::nullopt;
}

void FileProducer::commit() {
  try {
    append();
  } catch (Error const& error) {
    finish(error);
    return;
  }
  for (auto const& record : collected_) completions_.push_back({.sequence = record.sequence});
  for (auto const& [partition, touched] : touched_) touched.channel->ring();
  collected_.clear();
  bytes_.clear();
  tell_of_gone_groups();
}

void FileProducer::tell_of_gone_groups() {
  for (auto const& [group, channel] : std::exchange(gone_, {})) {
    state_->logger.warning(
        "embedded.group_gone",
        {{"group", group},
         {"channel", channel},
         {"what",
          "it had no member that reads the channel for longer than group_retention, and keeps no "
          "records of it any more: "
          "what it has not handled is removed with age"}});
  }
}

void FileProducer::append() {
  touched_.clear();
  Lock const mine{state_->turn};
  state_->require_file();
  auto const now = state_->now();
  FileTransaction transaction{connection_, transaction_};
  for (auto const& record : collected_) insert(record, now);
  remove_old(now);
  transaction.commit();
  for (auto const& [partition, touched] : touched_) partition->end.store(touched.next);
}

void FileProducer::insert(Collected const& record, std::int64_t now) {
  auto found = touched_.find(record.partition);
  if (found == touched_.end()) found = touched_.emplace(record.partition, touch(record)).first;
  auto& touched = found->second;
  std::string_view const bytes{bytes_};
  auto const key = bytes.substr(record.key_begin, record.value_begin - record.key_begin);
  auto const value = bytes.substr(record.value_begin, record.value_end - record.value_begin);
  insert_.execute(place_of(record.partition->id, touched.next), now, Bytes{key}, Bytes{value});
  ++touched.next;
  ++touched.records;
}

/// Asks the file, not memory: an earlier commit of unknown outcome may have landed.
FileProducer::Touched FileProducer::touch(Collected const& record) {
  auto const id = record.partition->id;
  auto row = next_position_.run(place_of(id, 0), place_of(id + 1, 0), id);
  auto const next = row.next() ? std::optional{row.number(0)} : std::nullopt;
  state_->require_end(*record.partition, next);
  return {.channel = record.channel, .next = *next, .records = 0};
}

void FileProducer::remove_old(std::int64_t now) {
  if (state_->groups_are_due()) {
    for (auto const& gone : retention_.note_groups(state_->groups->present(), now)) {
      if (state_->is_newly_gone(gone)) gone_.push_back(gone);
    }
  }
  for (auto const& [partition, touched] : touched_) {
    auto const max = removals_per_record * touched.records + removals_more;
    retention_.remove_some(*partition, max, now);
  }
  // Those that nobody writes to have their turns.
  auto* const partition = state_->next_partition();
  if (partition != nullptr && !touched_.contains(partition)) {
    retention_.remove_some(*partition, removals_more, now);
  }
}

/// Everything not completed may or may not have landed. Never `rejected`, which would be said of
/// one record.
void FileProducer::finish(Error const& error) {
  finished_ = true;
  auto const fault = error.fault() == Fault::rejected ? Fault::broken : error.fault();
  completions_.push_back({.sequence = collected_.front().sequence,
                          .error = Error{fault, error.what(), error.native_code()}});
  collected_.clear();
  bytes_.clear();
}

}  // namespace tram::embedded
