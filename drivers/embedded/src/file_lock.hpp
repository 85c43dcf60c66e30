#pragma once

#include <optional>
#include <string>

#include "tram/base/lock_file.hpp"

namespace tram::embedded {

/// A lock on a file beside the broker's, held by the one broker that has it open; it ends with the
/// process. Not on the broker's file itself: closing that would drop SQLite's own locks.
class FileLock {
 public:
  /// Takes the lock of the file at `path`, or raises: transient when somebody else has it, rejected
  /// when somebody else may have put it there.
  explicit FileLock(std::string path);
  /// Takes it again where its file was removed. Raises as the constructor.
  void require();

 private:
  std::string path_;
  LockFile file_;
};

/// Who has the lock of the file at `path`, for people; nothing when nobody has. Takes and makes
/// nothing.
std::optional<std::string> lock_owner(std::string const& path);

}  // namespace tram::embedded
