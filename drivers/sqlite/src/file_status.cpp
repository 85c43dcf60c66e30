#include "file_status.hpp"

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace tram::sqlite {
namespace {

std::int64_t size_of(std::string const& path) {
  std::error_code trouble;
  auto const size = std::filesystem::file_size(path, trouble);
  return trouble ? 0 : static_cast<std::int64_t>(size);
}

bool has_moved(sqlite3* connection) {
  int moved = 0;
  return ::sqlite3_file_control(connection, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
         moved != 0;
}

/// 0 when it cannot be told.
std::int64_t pragma(sqlite3* connection, char const* sql) {
  std::int64_t value = 0;
  auto const take = [](void* to, int, char** texts, char**) {
    *static_cast<std::int64_t*>(to) = texts[0] == nullptr ? 0 : std::atoll(texts[0]);
    return 0;
  };
  ::sqlite3_exec(connection, sql, take, &value, nullptr);
  return value;
}

}  // namespace

LogFiles log_files_of(std::string const& path) {
  return {.log = identity_of(path + "-wal"), .index = identity_of(path + "-shm")};
}

FileStatus::FileStatus(sqlite3* connection)
    : connection_{connection},
      path_{::sqlite3_db_filename(connection, "main")},
      log_path_{path_ + "-wal"},
      index_path_{path_ + "-shm"},
      size_{size_of(path_)},
      known_{log_files_of(path_)} {}

FileStatus::State FileStatus::look() {
  if (has_moved(connection_)) return State::replaced;
  if (is_truncated()) return State::truncated;
  return has_its_log() ? State::sound : rescue();
}

/// While a connection is open SQLite removes neither.
bool FileStatus::has_its_log() {
  auto const found = log_files_of(path_);
  if (!known_.log) known_.log = found.log;
  if (!known_.index) known_.index = found.index;
  return known_ == found;
}

/// A file grows late, when its log is written back, and shrinks only to the size of its content.
bool FileStatus::is_truncated() {
  auto const before = size_;
  size_ = size_of(path_);
  if (size_ >= before) return false;
  if (size_ == 0) return true;
  return size_ < pragma(connection_, "PRAGMA page_count") * pragma(connection_, "PRAGMA page_size");
}

/// What SQLite has open still holds everything: it is written to the database file, behind which
/// the log begins anew for whoever opens it next.
FileStatus::State FileStatus::rescue() {
  if (log_at_path_is_in_use()) return State::log_lost;
  int const code = ::sqlite3_wal_checkpoint_v2(connection_, "main", SQLITE_CHECKPOINT_TRUNCATE,
                                               nullptr, nullptr);
  if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return State::log_busy;
  return code == SQLITE_OK ? State::log_replaced : State::log_lost;
}

/// Others have rescued before and go on with a new log, or with a new index, which must not be
/// mixed with ours. By what the file system says alone: to close one of these files would release
/// the locks that the connections of this process have on it.
bool FileStatus::log_at_path_is_in_use() const {
  auto const found = log_files_of(path_);
  return found != known_ && size_of(log_path_) > 0 && size_of(index_path_) > 0;
}

char const* to_text(FileStatus::State state) {
  switch (state) {
    case FileStatus::State::sound: return "is as it was";
    case FileStatus::State::replaced: return "was replaced or removed while it was open";
    case FileStatus::State::truncated: return "was truncated while it was open";
    case FileStatus::State::log_replaced:
      return "lost its write-ahead log while it was open (somebody removed or replaced the file "
             "'-wal' or '-shm' beside it); what the log held was written back";
    case FileStatus::State::log_lost:
      return "lost its write-ahead log while it was open (somebody removed or replaced the file "
             "'-wal' or '-shm' beside it); commits since then may be lost";
    case FileStatus::State::log_busy:
      return "lost its write-ahead log while it was open (somebody removed or replaced the file "
             "'-wal' or '-shm' beside it); it is written back as soon as nobody writes";
  }
  return "";
}

}  // namespace tram::sqlite
