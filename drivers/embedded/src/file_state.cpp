#include "file_state.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "file_schema.hpp"

namespace tram::embedded {
namespace {

constexpr std::int64_t groups_interval_max{60'000};
/// The end of the year 9999, in milliseconds: nothing that a clock told is later.
constexpr std::int64_t latest_time{253'402'300'799'999};
constexpr std::int64_t generations_max{std::int64_t{1} << 53};

/// SQLite makes files as the umask says. Where there is one already it stays as it is, and what
/// else is wrong SQLite tells.
std::string const& made(Config const& config) {
  if (!config.file_mode) return config.path;
  int const file =
      ::open(config.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, *config.file_mode);
  if (file < 0) return config.path;
  ::fchmod(file, *config.file_mode);
  ::close(file);
  return config.path;
}

}  // namespace

FileState::FileState(Config given, Clock& time, Logger log)
    : config{std::move(given)},
      clock{time},
      logger{std::move(log)},
      groups{std::make_shared<Groups>(config.session_timeout)},
      lock_{config.path},
      connection_{made(config), config.durability, FileConnection::Missing::create},
      opened_at_{clock.steady()} {
  Lock const mine{turn};
  prepare_file(connection_);
  end_.emplace(connection_, "read", next_position_statement);
  load();
  check_progress();
  load_time();
  file_ = identity_of(config.path);
  log_ = identity_of(config.path + "-wal");
}

/// Goes on behind the newest record: what lies between it and now, the machine's clock may have
/// stepped.
void FileState::load_time() {
  Statement newest{
      connection_, "read",
      "SELECT max(time) FROM (SELECT (SELECT time FROM tram_record WHERE place >= p.id "
      "<< 40 AND place < (p.id + 1) << 40 ORDER BY place DESC LIMIT 1) AS time FROM "
      "tram_partition p)"};
  auto row = newest.run();
  row.next();
  opened_ = row.is_null(0) ? clock.wall().time_since_epoch().count()
                           : std::clamp(row.number(0), -latest_time, latest_time);
}

std::int64_t FileState::now() const {
  auto const open = clock.steady() - opened_at_;
  return opened_ + std::chrono::duration_cast<std::chrono::milliseconds>(open).count();
}

void FileState::require_file() {
  if (lost_) throw Error{*lost_};
  lock_.require();
  bool const replaced = identity_of(config.path) != file_;
  if (!replaced && identity_of(config.path + "-wal") == log_) return;
  auto const what = replaced ? std::string{"' was replaced or removed while it was open"}
                             : "' lost its write-ahead log while it was open (somebody removed or "
                               "replaced the file '-wal' beside it); what the log held was " +
                                   std::string{connection_.write_back_log()
                                                   ? "written back"
                                                   : "not written back, and may be lost"};
  lost_.emplace(Fault::transient,
                "embedded: '" + config.path + what + "; restart the service, which opens it again");
  throw Error{*lost_};
}

void FileState::require_content(FilePartition const& partition) {
  require_file();
  auto row = end_->run(place_of(partition.id, 0), place_of(partition.id + 1, 0), partition.id);
  require_end(partition, row.next() ? std::optional{row.number(0)} : std::nullopt);
}

void FileState::require_content() {
  require_file();
  for (auto const* const partition : partitions_) require_content(*partition);
}

void FileState::require_end(FilePartition const& partition, std::optional<Offset> found) {
  if (found && *found >= partition.end.load()) return;
  lost_.emplace(Fault::transient,
                "embedded: '" + config.path +
                    "' does not hold all that was committed to it: while it was open it was "
                    "restored from a backup, or records were removed from its tables; restart the "
                    "service, which continues with its content");
  throw Error{*lost_};
}

bool FileState::groups_are_due() {
  if (now() < next_groups_) return false;
  next_groups_ = now() + std::min(groups_interval_max, config.group_retention.count() / 10);
  return true;
}

bool FileState::is_newly_gone(GroupChannel const& group) { return gone_.insert(group).second; }

void FileState::load() {
  Statement channels_of_file{connection_, "read",
                             "SELECT c.name, p.id, p.number, max(p.first, coalesce((SELECT "
                             "max(place) + 1 - (p.id << 40) FROM tram_record WHERE place >= p.id "
                             "<< 40 AND place < (p.id + 1) << 40), 0)) FROM tram_channel c JOIN "
                             "tram_partition p ON p.channel = c.id ORDER BY c.id, p.number"};
  auto rows = channels_of_file.run();
  std::unique_ptr<FileChannel> channel;
  while (rows.next()) {
    auto const name = rows.bytes(0);
    if (!channel || channel->name() != name) {
      if (channel) channels.add(std::move(channel));
      channel = std::make_unique<FileChannel>(name);
    }
    auto const id = rows.number(1);
    auto const end = rows.number(3);
    bool const has_place = id > 0 && id < partition_ids_max && end >= 0 && end < positions_max;
    if (!has_place || rows.number(2) != channel->partitions())
      throw damaged(connection_, "the partitions of channel '" + name + "' are not in order");
    partitions_.push_back(&channel->add_partition(id, end));
  }
  if (channel) channels.add(std::move(channel));
}

void FileState::check_progress() {
  Statement strange{connection_, "read",
                    "SELECT count(*) FROM tram_progress WHERE generation NOT BETWEEN 0 AND ?"};
  auto row = strange.run(generations_max);
  row.next();
  if (row.number(0) > 0) throw damaged(connection_, "its stored positions are not in order");
}

void FileState::require_usable() {
  Lock const mine{turn};
  require_content();
}

std::vector<std::string> FileState::missing(std::span<std::string const> names) {
  Lock const mine{turn};
  require_content();
  std::vector<std::string> all;
  std::ranges::copy_if(names, std::back_inserter(all),
                       [&](auto const& name) { return channels.find(name) == nullptr; });
  return all;
}

std::vector<std::string> FileState::create_channels(std::span<std::string const> names,
                                                    std::int32_t partitions) {
  Lock const mine{turn};
  require_content();
  std::map<std::string, std::unique_ptr<FileChannel>> made;
  auto const is_missing = [&](std::string const& name) {
    return channels.find(name) == nullptr && !made.contains(name);
  };
  if (std::ranges::none_of(names, is_missing)) return {};
  TransactionStatements statements{connection_};
  FileTransaction transaction{connection_, statements};
  for (auto const& name : names) {
    if (is_missing(name)) made.emplace(name, insert(name, partitions));
  }
  transaction.commit();
  std::vector<std::string> created;
  for (auto& [name, channel] : made) {
    created.push_back(name);
    for (std::int32_t number = 0; number < partitions; ++number) {
      partitions_.push_back(&channel->partition(number));
    }
    channels.add(std::move(channel));
  }
  return created;
}

std::unique_ptr<FileChannel> FileState::insert(std::string const& name, std::int32_t partitions) {
  Statement insert_channel{connection_, "create a channel in",
                           "INSERT INTO tram_channel (name) VALUES (?) RETURNING id"};
  Statement insert_partition{
      connection_, "create a partition in",
      "INSERT INTO tram_partition (channel, number) VALUES (?, ?) RETURNING id"};
  // Of an earlier partition with this id, whose row somebody removed.
  Statement forget_positions{connection_, "create a partition in",
                             "DELETE FROM tram_progress WHERE partition = ?"};
  Statement forget_records{connection_, "create a partition in",
                           "DELETE FROM tram_record WHERE place >= ? AND place < ?"};
  auto channel = std::make_unique<FileChannel>(name);
  auto row = insert_channel.run(name);
  row.next();
  auto const id = row.number(0);
  for (std::int32_t number = 0; number < partitions; ++number) {
    auto partition = insert_partition.run(id, number);
    partition.next();
    auto const partition_id = partition.number(0);
    forget_positions.execute(partition_id);
    forget_records.execute(place_of(partition_id, 0), place_of(partition_id + 1, 0));
    channel->add_partition(partition_id, 0);
  }
  return channel;
}

Generation FileState::last_generation(std::string const& group) {
  Lock const mine{turn};
  Statement last{connection_, "read",
                 "SELECT max(generation) FROM tram_progress WHERE group_name = ?"};
  auto row = last.run(group);
  row.next();
  return row.number(0);
}

FilePartition* FileState::next_partition() {
  if (partitions_.empty()) return nullptr;
  looked_at_ = (looked_at_ + 1) % partitions_.size();
  return partitions_[looked_at_];
}

}  // namespace tram::embedded
