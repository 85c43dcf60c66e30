#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "tram/sql/database.hpp"

struct sqlite3;

namespace tram::simulation {

/// What a restore took back, so that the checks ask for nothing of it.
struct Undone {
  /// Of messages that were written behind the backup: they may be published and handled, or not.
  std::set<std::int64_t> numbers;
  std::set<std::string, std::less<>> message_ids;
  /// Subscriber and message id: the broker counts them as done, the database knows nothing of them.
  std::set<std::pair<std::string, std::string>> received;
  /// Messages with higher numbers were written after the last restore.
  std::int64_t up_to{};
};

/// A copy of a whole database in memory, which is written back under its clients.
class Backup {
 public:
  /// Copies the database at the path.
  explicit Backup(std::string path);

  /// Puts the database back to what it was; `last_number` is that of the newest message.
  void restore(Database& database, std::int64_t last_number, Undone& undone) const;

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept;
  };
  using Handle = std::unique_ptr<sqlite3, Close>;
  static Handle open(std::string const& path);
  static void copy(sqlite3* from, sqlite3* to);

  std::string path_;
  Handle copy_;
};

}  // namespace tram::simulation
