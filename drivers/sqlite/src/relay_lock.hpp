#pragma once

#include <string>

namespace tram::sqlite {

/// A lock on a file beside the database, held by the process that relays it; it ends with the
/// process. Not on the database file itself: closing that would drop SQLite's own locks.
class RelayLock {
 public:
  RelayLock(std::string const& database_path, std::string const& relay);
  ~RelayLock();
  RelayLock(RelayLock const&) = delete;
  RelayLock& operator=(RelayLock const&) = delete;

  /// True when this object holds the lock now; never waits. Transient when the file cannot be made.
  bool try_take();
  [[nodiscard]] bool held() const { return held_; }

 private:
  void open();

  std::string path_;
  int descriptor_{-1};
  bool held_{};
};

}  // namespace tram::sqlite
