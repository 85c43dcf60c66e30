#include "file_store.hpp"

#include <utility>

#include "file_schema.hpp"

namespace tram::embedded {
namespace {

/// What one call of `read` takes into memory, and one record.
constexpr std::size_t bytes_max{4'000'000};

}  // namespace

// Positions are stored without a sync of the disk: after a power failure a little comes twice, and
// the inbox filters it. The next commit of a producer syncs them, too.
FileStore::FileStore(std::shared_ptr<FileState> state, std::span<std::string const> channels,
                     std::shared_ptr<EventSignal> signal)
    : state_{std::move(state)},
      signal_{std::move(signal)},
      connection_{state_->config.path, Durability::process_crash, FileConnection::Missing::refuse},
      transaction_{connection_},
      read_{connection_, "read",
            "SELECT place, key, value FROM tram_record WHERE place >= ? AND place < ? ORDER BY "
            "place LIMIT ?"},
      claim_{connection_, "store positions in",
             "INSERT INTO tram_progress (group_name, partition, generation) VALUES (?, ?, ?) ON "
             "CONFLICT DO UPDATE SET generation = max(generation, excluded.generation) RETURNING "
             "next"},
      seen_{connection_, "store positions in",
            "INSERT INTO tram_group_channel (group_name, channel, seen) SELECT ?, channel, ? FROM "
            "tram_partition WHERE id = ? ON CONFLICT DO UPDATE SET seen = excluded.seen"},
      forget_{connection_, "store positions in",
              "UPDATE tram_progress SET next = NULL WHERE group_name = ? AND partition = ?"},
      store_{connection_, "store positions in",
             "UPDATE tram_progress SET next = ? WHERE group_name = ? AND partition = ? AND "
             "generation = ?"} {
  for (auto const& name : channels) {
    auto const [place, added] = channels_.emplace(name, state_->channels.find(name));
    if (added) place->second->listen(signal_);
  }
}

FileStore::~FileStore() {
  for (auto const& [name, channel] : channels_) channel->forget(signal_);
}

Offset FileStore::end(TopicPartition const& partition) { return find(partition).end.load(); }

Offset FileStore::read(TopicPartition const& partition, Offset from, std::size_t max,
                       std::vector<ConsumerEvent>& events) {
  state_->require_this_process();
  auto const& where = find(partition);
  auto const end = where.end.load();
  if (from >= end) return from;
  auto const origin = place_of(where.id, 0);
  auto records = read_.run(origin + from, origin + end, static_cast<std::int64_t>(max));
  auto next = from;
  std::size_t count = 0;
  for (std::size_t bytes = 0; records.next(); ++count) {
    if (bytes > bytes_max) {
      signal_->ring();
      return next;
    }
    auto const offset = records.number(0) - origin;
    if (offset > next) pass_over(partition, next, offset, events);
    events.emplace_back(Delivery{.source = partition,
                                 .position = position_at(offset),
                                 .key = records.bytes(1),
                                 .value = records.bytes(2)});
    auto const& delivery = std::get<Delivery>(events.back());
    bytes += delivery.key.size() + delivery.value.size();
    next = offset + 1;
  }
  if (count == max) return next;
  if (end > next) pass_over(partition, next, end, events);
  return end;
}

std::optional<Offset> FileStore::claim(std::string const& group, Claim const& claim) {
  group_ = group;
  Lock const mine{state_->turn};
  auto const& partition = find(claim.partition);
  state_->require_content(partition);
  auto const id = partition.id;
  seen_.execute(group, state_->now(), id);
  auto row = claim_.run(group, id, claim.generation);
  row.next();
  auto const stored = row.is_null(0) ? std::nullopt : std::optional<Offset>{row.number(0)};
  while (row.next()) {}
  if (!stored || (*stored >= 0 && *stored <= partition.end.load())) return stored;
  return start_over(claim.partition, *stored);
}

/// A position behind the end is of records that are gone with the file that held them: what comes
/// would be passed over until it gets there.
Offset FileStore::start_over(TopicPartition const& partition, Offset stored) {
  auto const& where = find(partition);
  forget_.execute(group_, where.id);
  state_->logger.warning("embedded.starts_over", {{"group", group_},
                                                  {"channel", partition.channel},
                                                  {"partition", partition.partition},
                                                  {"stored", stored},
                                                  {"end", where.end.load()}});
  return 0;
}

void FileStore::store(std::string const& group, std::span<Progress const> progress) {
  Lock const mine{state_->turn};
  for (auto const& each : progress) state_->require_content(find(each.partition));
  FileTransaction transaction{connection_, transaction_};
  for (auto const& each : progress) {
    store_.execute(each.next, group, find(each.partition).id, each.generation);
  }
  transaction.commit();
}

FilePartition& FileStore::find(TopicPartition const& partition) {
  return channels_.at(partition.channel)->partition(partition.partition);
}

/// Positions of a partition have no gaps, so what is missing was removed for its age, or the file
/// is not as it was left.
void FileStore::pass_over(TopicPartition const& partition, Offset from, Offset first,
                          std::vector<ConsumerEvent>& events) {
  {
    Lock const mine{state_->turn};
    state_->require_content(find(partition));
  }
  // A new group begins at the first record there is.
  if (from == 0) return;
  state_->logger.warning("embedded.records_expired", {{"group", group_},
                                                      {"channel", partition.channel},
                                                      {"partition", partition.partition},
                                                      {"records", first - from},
                                                      {"next", first}});
  events.emplace_back(RecordsExpired{.partition = partition, .records = first - from});
}

}  // namespace tram::embedded
