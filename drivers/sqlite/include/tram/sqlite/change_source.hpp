#pragma once

#include <string>

#include "tram/base/detail/memory.hpp"
#include "tram/base/time.hpp"
#include "tram/relay/change_source.hpp"

#pragma GCC visibility push(default)

namespace tram::sqlite {

/// Which outbox is tailed.
struct ChangeSourceConfig {
  /// The database file, or a URI of SQLite (`file:…`). Databases in memory are simply polled.
  std::string path;
  std::string table{"message"};
  /// Names the relay: its position, its lock, and its held rows. Two relays of one name share the
  /// work by turns, two of different names both publish everything. For another table than
  /// `message` the table is part of the name: `relay:TABLE`.
  std::string relay{"relay"};
  /// How often at most the confirmed position is stored; a crash may repeat what lies between.
  Duration position_interval{std::chrono::milliseconds{200}};
  /// Behind the watch on the files, for commits that it does not see.
  Duration poll_interval{std::chrono::seconds{1}};
  /// Between two reads of a database in memory.
  Duration memory_poll_interval{std::chrono::milliseconds{2}};
  /// How often a standby checks whether the other process is gone.
  Duration standby_interval{std::chrono::milliseconds{250}};
};

/// The outbox of a SQLite file, in the order of column `seq`, on a separate connection.
///
/// Wakes up when any process commits, with any client library: the files are watched. Positions are
/// values of `seq`. The position is stored without a sync of the disk, so after a power failure a
/// little comes twice. Of the processes that relay a file under one name one works, holding a lock
/// on a file beside the database, and the others are on standby; the lock ends with its process.
/// Rows with `published` other than 0 are skipped.
///
/// Opens the file with the first `read`. `read` throws: transient (no such file yet, busy, disk
/// errors), rejected (not a database, no outbox table in it). `clock` must outlive the source.
std::unique_ptr<ChangeSource> change_source(ChangeSourceConfig config, Clock& clock);

}  // namespace tram::sqlite

#pragma GCC visibility pop
