#pragma once

#include <sqlite3.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "fair_lock.hpp"
#include "file_status.hpp"
#include "statement.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/sql/connection.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram::sqlite {

struct CloseConnection {
  void operator()(sqlite3* connection) const noexcept { ::sqlite3_close_v2(connection); }
};
using Handle = std::unique_ptr<sqlite3, CloseConnection>;

/// Opens the file and nothing more. Faults: rejected, transient.
Handle open_handle(std::string const& path, int flags);

/// One connection to a SQLite database: statements are kept prepared, and waits for locks end at
/// the deadline.
class SqliteConnection final : public Connection {
 public:
  /// `open` is kept as long as the connection is there.
  SqliteConnection(Config const& config, Clock& clock, Random& random, Deadline deadline,
                   std::shared_ptr<void> open);

  void begin(Access access, Deadline deadline) override;
  Rows execute(std::string_view sql, Parameters parameters, Deadline deadline) override;
  void post(std::string_view sql, Parameters parameters, Deadline deadline) override;
  void commit(Deadline deadline) override;
  bool reset() noexcept override;

 private:
  Rows run(std::string_view sql, Parameters parameters, Deadline deadline);
  Statement& prepared(std::string_view sql);
  static int wait_for_lock(void* self, int attempts) noexcept;
  static int is_too_late(void* self) noexcept;
  static int may_run(void* self, int action, char const* first, char const* second,
                     char const* database, char const* trigger) noexcept;
  void require_file();
  void require_log();
  void require_open_transaction() const;
  Rows control(std::string_view sql, Deadline deadline);
  void note_end(Error const* error);

  Clock& clock_;
  Random& random_;
  // Shared with the driver, which counts its connections; goes after the handle is closed.
  std::shared_ptr<void> open_;
  // Shared with the other connections to this database.
  std::shared_ptr<FairLock> line_;
  std::optional<FairLockGuard> turn_;
  Handle handle_;
  Deadline deadline_;
  bool in_transaction_{};
  Access access_{Access::read_write};
  std::optional<FileStatus> file_;
  SteadyTime next_file_look_;
  bool usable_{true};
  /// As its configuration asks.
  bool is_for_reading_;
  /// SQLite could not open the file for writing.
  bool fell_back_to_reading_;
  /// What ended the transaction that the caller believes to be open.
  std::optional<Error> ended_;
  /// Begins and ends transactions: nobody else's statement may.
  bool controls_{};
  /// Why the statement that is being prepared may not run.
  std::string refusal_;
  std::unordered_map<std::string, std::unique_ptr<Statement>> statements_;
};

}  // namespace tram::sqlite
