#include "retention.hpp"

#include <algorithm>
#include <limits>

#include "file_schema.hpp"

namespace tram::embedded {
namespace {

/// However young the oldest record is: a transaction that removed something may have been rolled
/// back.
constexpr std::int64_t look_milliseconds_max{60'000};
/// A group may have handled what is old by then.
constexpr std::int64_t unhandled_look_milliseconds{1'000};
/// Large records are not removed all at once: their pages take time.
constexpr std::int64_t bytes_max{4'000'000};
/// Longer than anything is kept.
constexpr std::int64_t age_max{std::int64_t{1} << 53};

}  // namespace

Retention::Retention(FileConnection& connection, std::chrono::milliseconds age,
                     std::chrono::milliseconds group_age)
    : age_{std::min(age.count(), age_max)},
      group_age_{std::min(group_age.count(), age_max)},
      note_{connection, "note groups in",
            "INSERT INTO tram_group_channel (group_name, channel, seen) SELECT ?, id, ? FROM "
            "tram_channel WHERE name = ? ON CONFLICT DO UPDATE SET seen = excluded.seen"},
      note_new_{connection, "note groups in",
                "INSERT INTO tram_group_channel (group_name, channel, seen) SELECT DISTINCT "
                "group_name, channel, ? FROM tram_progress JOIN tram_partition ON id = partition "
                "WHERE true ON CONFLICT DO NOTHING"},
      gone_{connection, "look at groups in",
            "SELECT group_name, name FROM tram_group_channel JOIN tram_channel ON id = channel "
            "WHERE seen < ?"},
      unhandled_{connection, "look at groups in",
                 "SELECT min(coalesce(next, 0)) FROM tram_progress g JOIN tram_partition p ON p.id "
                 "= g.partition LEFT JOIN tram_group_channel s ON s.group_name = g.group_name AND "
                 "s.channel = p.channel WHERE g.partition = ? AND coalesce(seen, ?) >= ?"},
      oldest_{connection, "remove old records from",
              "SELECT place, time, length(value) FROM tram_record WHERE place >= ? AND place < ? "
              "ORDER BY place"},
      remove_{connection, "remove old records from",
              "DELETE FROM tram_record WHERE place >= ? AND place < ?"},
      move_first_{connection, "remove old records from",
                  "UPDATE tram_partition SET first = max(first, ?) WHERE id = ?"} {}

std::vector<GroupChannel> Retention::note_groups(std::set<GroupChannel> const& present,
                                                 std::int64_t now) {
  note_new_.execute(now);
  for (auto const& [group, channel] : present) note_.execute(group, now, channel);
  std::vector<GroupChannel> gone;
  auto rows = gone_.run(gone_before(now));
  while (rows.next()) gone.push_back({.group = rows.bytes(0), .channel = rows.bytes(1)});
  return gone;
}

std::int64_t Retention::gone_before(std::int64_t now) const {
  return group_age_ == 0 ? std::numeric_limits<std::int64_t>::min() : now - group_age_;
}

/// Behind everything when no group is in the way.
Offset Retention::first_unhandled(FilePartition const& partition, std::int64_t now) {
  auto row = unhandled_.run(partition.id, now, gone_before(now));
  row.next();
  return row.is_null(0) ? std::numeric_limits<Offset>::max() : row.number(0);
}

void Retention::remove_some(FilePartition& partition, std::size_t max, std::int64_t now) {
  if (age_ == 0 || now < partition.next_look) return;
  auto const first = removable(partition, max, now);
  if (first == 0) return;
  // Before the records: a position is never given twice, though no record is left.
  move_first_.execute(first, partition.id);
  remove_.execute(place_of(partition.id, 0), place_of(partition.id, first));
}

/// 0 when there is nothing to remove now. What is stamped ahead may be much, and is too old as soon
/// as a record behind it is: both to look at it and to remove it go on from call to call.
Offset Retention::removable(FilePartition& partition, std::size_t max, std::int64_t now) {
  bool const has_skipped = partition.ahead_until > 0;
  auto const first = first_to_keep(partition, max, now);
  if (first == 0) return 0;
  partition.ahead_until = 0;
  if (has_skipped) {
    partition.old_until = first;
    partition.next_look = now;
    return 0;
  }
  if (first >= partition.old_until) partition.old_until = 0;
  return first;
}

/// 0 when nothing is known to be too old.
Offset Retention::first_to_keep(FilePartition& partition, std::size_t max, std::int64_t now) {
  Offset first = 0;
  std::int64_t bytes = 0;
  partition.next_look = now + look_milliseconds_max;
  auto const unhandled = first_unhandled(partition, now);
  auto records =
      oldest_.run(place_of(partition.id, partition.ahead_until), place_of(partition.id + 1, 0));
  for (std::size_t count = 0; records.next(); ++count) {
    auto const position = records.number(0) - place_of(partition.id, 0);
    if (position >= unhandled) {
      partition.next_look = std::min(partition.next_look, now + unhandled_look_milliseconds);
      break;
    }
    // An earlier release stamped with a clock that was ahead: as old as what follows.
    bool const is_known = position < partition.old_until;
    bool const is_ahead = !is_known && records.number(1) > now;
    auto const too_old_at = is_known || is_ahead ? 0 : records.number(1) + age_;
    if (too_old_at >= now) {
      partition.next_look = std::min(partition.next_look, too_old_at + 1);
      break;
    }
    if (count == max || bytes > bytes_max) {
      partition.next_look = now;
      break;
    }
    if (!is_ahead) first = position + 1;
    if (first == 0) partition.ahead_until = position + 1;
    bytes += records.number(2);
  }
  return first;
}

}  // namespace tram::embedded
