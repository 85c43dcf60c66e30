#pragma once

#include <string>

namespace tram::embedded {

/// A lock on a file beside the broker's, held by the one broker that has it open; it ends with the
/// process. Not on the broker's file itself: closing that would drop SQLite's own locks.
class FileLock {
 public:
  /// Takes the lock of the file at `path`, or raises: transient when somebody else has it.
  explicit FileLock(std::string const& path);
  ~FileLock();
  FileLock(FileLock const&) = delete;
  FileLock& operator=(FileLock const&) = delete;

 private:
  int descriptor_;
};

}  // namespace tram::embedded
