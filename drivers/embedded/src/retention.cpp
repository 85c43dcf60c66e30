#include "retention.hpp"

#include <algorithm>

#include "file_schema.hpp"

namespace tram::embedded {
namespace {

/// However young the oldest record is: civil time may be set, and a transaction that removed
/// something may have been rolled back.
constexpr std::int64_t look_milliseconds_max{60'000};
/// Large records are not removed all at once: their pages take time.
constexpr std::int64_t bytes_max{4'000'000};

}  // namespace

Retention::Retention(FileConnection& connection, std::chrono::milliseconds age)
    : age_{age.count()},
      oldest_{connection, "remove old records from",
              "SELECT place, time, length(value) FROM tram_record WHERE place >= ? AND place < ? "
              "ORDER BY place"},
      remove_{connection, "remove old records from",
              "DELETE FROM tram_record WHERE place >= ? AND place < ?"},
      move_first_{connection, "remove old records from",
                  "UPDATE tram_partition SET first = max(first, ?) WHERE id = ?"} {}

void Retention::remove_some(FilePartition& partition, std::size_t max, std::int64_t now) {
  if (age_ == 0 || now < partition.next_look) return;
  auto const first = first_to_keep(partition, max, now);
  if (first == 0) return;
  // Before the records: a position is never given twice, though no record is left.
  move_first_.execute(first, partition.id);
  remove_.execute(place_of(partition.id, 0), place_of(partition.id, first));
}

/// 0 when there is nothing to remove.
Position Retention::first_to_keep(FilePartition& partition, std::size_t max, std::int64_t now) {
  Position first = 0;
  std::int64_t bytes = 0;
  partition.next_look = now + look_milliseconds_max;
  auto records = oldest_.run(place_of(partition.id, 0), place_of(partition.id + 1, 0));
  for (std::size_t count = 0; records.next(); ++count) {
    auto const too_old_at = records.number(1) + age_;
    if (too_old_at >= now) {
      partition.next_look = std::min(partition.next_look, too_old_at + 1);
      break;
    }
    if (count == max || bytes > bytes_max) {
      partition.next_look = now;
      break;
    }
    first = records.number(0) - place_of(partition.id, 0) + 1;
    bytes += records.number(2);
  }
  return first;
}

}  // namespace tram::embedded
