#pragma once

#include <string>

#pragma GCC visibility push(default)

namespace tram {

/// A file that processes of one user lock, each for itself: the lock ends with the process.
///
/// No other user can hold it: the file belongs to the user of this process, only that user may open
/// it, and no link is followed to it. One thread only; nothing here waits.
///
///     tram::LockFile lock{"orders.db-relay.lock"};
///     if (!lock.try_take()) wait_for(tram::LockFile::owner(lock.path()));
class LockFile {
 public:
  /// Opens nothing.
  explicit LockFile(std::string path) : path_{std::move(path)} {}
  ~LockFile();
  LockFile(LockFile const&) = delete;
  LockFile& operator=(LockFile const&) = delete;

  /// Makes the file where it is missing, and takes its lock unless another one has it; true when
  /// this object has it now. When the file was removed or replaced, the lock is taken again.
  /// Throws: transient, with the system's reason and its code; rejected, with what to do and no
  /// code, when the file is a link, no plain file, or owned by another user. Both texts end a
  /// sentence about the file.
  bool try_take();
  [[nodiscard]] bool held() const { return held_; }
  [[nodiscard]] std::string const& path() const { return path_; }

  /// Best effort: writes the holder of the lock into the file, for `owner`. Only while it is held.
  void sign() const;
  /// The holder of the lock of the file at `path`, for people: `process 4711`; empty when it is
  /// free. Takes and makes nothing. Throws: as `try_take`.
  static std::string owner(std::string const& path);

 private:
  void open();
  void close();
  [[nodiscard]] bool is_still_there() const;

  std::string path_;
  int descriptor_{-1};
  bool held_{};
};

}  // namespace tram

#pragma GCC visibility pop
