#pragma once

#include <string>

#include "tram/base/lock_file.hpp"

namespace tram::sqlite {

/// A lock on a file beside the database, held by the process that relays it; it ends with the
/// process. Not on the database file itself: closing that would drop SQLite's own locks.
class RelayLock {
 public:
  RelayLock(std::string const& database_path, std::string const& relay);

  /// True when this object holds the lock now; never waits. Transient when the file cannot be made,
  /// or when somebody else may have put it there.
  bool try_take();
  [[nodiscard]] bool held() const { return file_.held(); }
  [[nodiscard]] std::string const& path() const { return file_.path(); }

 private:
  LockFile file_;
};

}  // namespace tram::sqlite
