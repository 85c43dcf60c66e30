#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tram/base/file_identity.hpp"

struct sqlite3;

namespace tram::sqlite {

/// The write-ahead log of a database and the log's index: nothing where there is none.
struct LogFiles {
  std::optional<FileIdentity> log;
  std::optional<FileIdentity> index;
  friend bool operator==(LogFiles const&, LogFiles const&) = default;
};

/// Those beside a database file now. Asks the file system.
LogFiles log_files_of(std::string const& path);

/// Sees what is done to the files of an open database behind SQLite's back: SQLite goes on with the
/// files that it has open, and what is committed to those is lost with the last connection.
///
/// Of one connection, which outlives it. Asks the file system each time.
class FileStatus {
 public:
  /// Right after the first access. `connection` is to a database in a file.
  explicit FileStatus(sqlite3* connection);

  enum class State : std::uint8_t {
    sound,
    /// The path leads to another file, or to none.
    replaced,
    /// The file lost its content or a part of it.
    truncated,
    /// The write-ahead log, or its index, is not the one that is open. What only it held was
    /// written to the database file, unless it is `lost`.
    log_replaced,
    /// As `log_replaced`, but what only the log held is gone.
    log_lost,
    /// As `log_replaced`, but others work: to be asked again.
    log_busy,
  };
  /// Waits for the disk, and as long as the connection's busy handler, when the log is gone.
  State look();
  /// Whether the log is still the one that is open; cheaper, and changes nothing.
  [[nodiscard]] bool has_its_log();

 private:
  [[nodiscard]] bool is_truncated();
  [[nodiscard]] State rescue();
  [[nodiscard]] bool log_at_path_is_in_use() const;

  sqlite3* connection_;
  std::string path_;
  std::string log_path_;
  std::string index_path_;
  std::int64_t size_{};
  LogFiles known_;
};

/// What happened, as the end of a sentence about the file.
char const* to_text(FileStatus::State state);

}  // namespace tram::sqlite
