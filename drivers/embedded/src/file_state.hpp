#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "file_channels.hpp"
#include "file_connection.hpp"
#include "file_lock.hpp"
#include "groups.hpp"
#include "tram/base/log.hpp"
#include "tram/base/mutex.hpp"
#include "tram/embedded/embedded.hpp"

namespace tram::embedded {

/// What a broker, its producers and its consumers share. Callable from any thread.
class FileState {
 public:
  /// Opens the file. Faults: as `connect`.
  FileState(Config given, Clock& time, Logger log);

  /// Makes those that are missing, all or none.
  void create_channels(std::span<std::string const> names, std::int32_t partitions);
  /// The last generation in which the group stored something.
  Generation last_generation(std::string const& group);
  /// The next one in turn of all partitions; null when there are none.
  FilePartition* next_partition() TRAM_REQUIRES(turn);

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
  std::unique_ptr<FileChannel> insert(std::string const& name, std::int32_t partitions)
      TRAM_REQUIRES(turn);

  FileLock const lock_;
  FileConnection connection_ TRAM_GUARDED_BY(turn);
  std::vector<FilePartition*> partitions_ TRAM_GUARDED_BY(turn);
  std::size_t looked_at_ TRAM_GUARDED_BY(turn){};
};

}  // namespace tram::embedded
