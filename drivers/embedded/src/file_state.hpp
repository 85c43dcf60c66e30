#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "file_channels.hpp"
#include "file_connection.hpp"
#include "file_lock.hpp"
#include "groups.hpp"
#include "tram/base/error.hpp"
#include "tram/base/file_identity.hpp"
#include "tram/base/log.hpp"
#include "tram/base/mutex.hpp"
#include "tram/base/process_family.hpp"
#include "tram/embedded/embedded.hpp"

namespace tram::embedded {

/// What a broker, its producers and its consumers share. Callable from any thread.
class FileState {
 public:
  /// Opens the file. Faults: as `connect`.
  FileState(Config given, Clock& time, Logger log);

  /// Makes those that are missing, all or none, and returns them. Looks whether the file is as it
  /// was left, also where none is missing.
  std::vector<std::string> create_channels(std::span<std::string const> names,
                                           std::int32_t partitions);
  [[nodiscard]] std::vector<std::string> missing(std::span<std::string const> names);
  /// Raises transient where the file is no longer the one that was opened, or has lost records.
  void require_usable() TRAM_EXCLUDES(turn);
  /// The last generation in which the group stored something.
  Generation last_generation(std::string const& group);
  /// The next one in turn of all partitions; null when there are none.
  FilePartition* next_partition() TRAM_REQUIRES(turn);
  /// The broker's own time, in milliseconds: it began as civil time, goes on only while the broker
  /// is open, and never steps.
  [[nodiscard]] std::int64_t now() const;
  /// Raises transient when the file at the path is not the one that is open, or has lost its log,
  /// or when another process took the lock; from then on every time.
  void require_file() TRAM_REQUIRES(turn);
  /// `require_file`, and that it holds all that was committed to this partition, or to all: a file
  /// that went back to an earlier state, as by a restore in place, would give its positions anew.
  /// Faults: transient, from then on every time.
  void require_content(FilePartition const& partition) TRAM_REQUIRES(turn);
  void require_content() TRAM_REQUIRES(turn);
  /// The same where the end is known already; nothing where the partition is gone.
  void require_end(FilePartition const& partition, std::optional<Offset> found) TRAM_REQUIRES(turn);
  /// True once in a while, for what concerns all groups.
  bool groups_are_due() TRAM_REQUIRES(turn);
  /// True once for each group that keeps no records any more.
  bool is_newly_gone(GroupChannel const& group) TRAM_REQUIRES(turn);

  /// The file and its lock belong to the process that opened it. Faults: rejected, in a child of
  /// it.
  void require_this_process() const { require_made_here(process_, "embedded: the broker"); }

  Config const config;
  Clock& clock;
  Logger const logger;
  FileChannels channels;
  // Shared with the consumers.
  std::shared_ptr<Groups> const groups;
  /// Whoever writes to the file has it, and waits for the disk meanwhile: SQLite has one writer at
  /// a time, and a queue here is better than its sleeping and trying again.
  Mutex turn;

 private:
  void load() TRAM_REQUIRES(turn);
  void load_time() TRAM_REQUIRES(turn);
  void check_progress() TRAM_REQUIRES(turn);
  std::unique_ptr<FileChannel> insert(std::string const& name, std::int32_t partitions)
      TRAM_REQUIRES(turn);

  std::uint64_t const process_{process_generation()};
  FileLock lock_ TRAM_GUARDED_BY(turn);
  FileConnection connection_ TRAM_GUARDED_BY(turn);
  /// Made when the tables are there.
  std::optional<Statement> end_ TRAM_GUARDED_BY(turn);
  SteadyTime const opened_at_;
  /// The broker's time when it was opened. Set before others know the state.
  std::int64_t opened_{};
  std::int64_t next_groups_ TRAM_GUARDED_BY(turn){};
  std::set<GroupChannel> gone_ TRAM_GUARDED_BY(turn);
  std::optional<FileIdentity> file_ TRAM_GUARDED_BY(turn);
  std::optional<FileIdentity> log_ TRAM_GUARDED_BY(turn);
  std::optional<Error> lost_ TRAM_GUARDED_BY(turn);
  std::vector<FilePartition*> partitions_ TRAM_GUARDED_BY(turn);
  std::size_t looked_at_ TRAM_GUARDED_BY(turn){};
};

}  // namespace tram::embedded
