#include "sqlite_connection.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <utility>

#include "database_file.hpp"

namespace tram::sqlite {
namespace {

/// Programs have few statements; one that makes ever new ones must not fill the memory.
constexpr std::size_t statements_max{256};
constexpr std::size_t shown_sql_max{80};
/// How often a running statement looks at the clock, in steps of SQLite's machine.
constexpr int steps_between_looks{10'000};
constexpr Duration first_pause{std::chrono::microseconds{50}};
constexpr int doublings_max{5};
/// Shorter than the relay's shortest pause after an error: what it does next is done to the file
/// that it has found replaced.
constexpr Duration file_look_interval{std::chrono::milliseconds{20}};

/// SQLite makes files as the umask says.
void make_with_mode(std::string const& file, unsigned mode) {
  int const made = ::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  // Where there is one already it stays as it is, and what else is wrong SQLite tells.
  if (made < 0) return;
  ::fchmod(made, mode);
  ::close(made);
}

Handle open_as(Config const& config) {
  auto const file = file_of(config.path);
  if (config.opening == Opening::create) {
    if (file && config.file_mode) make_with_mode(*file, *config.file_mode);
    return open_handle(config.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  }
  if (file && !std::filesystem::exists(*file))
    throw Error{Fault::rejected, "sqlite: " + missing_file(*file)};
  if (config.opening == Opening::existing) return open_handle(config.path, SQLITE_OPEN_READWRITE);
  return open_handle(path_to_look_at(config.path), SQLITE_OPEN_READONLY);
}

bool is_primary(int code, int primary) { return (code & 0xff) == primary; }

/// SQLite's own savepoint names are text of the library (`Transaction`).
bool is_own_savepoint(char const* name) {
  return name != nullptr && std::string_view{name}.starts_with("tram_");
}

/// What SQLite does not change in a transaction, or keeps behind its end.
bool is_setting_of_connection(char const* pragma) {
  constexpr std::array<char const*, 25> settings{"foreign_keys",
                                                 "journal_mode",
                                                 "synchronous",
                                                 "locking_mode",
                                                 "auto_vacuum",
                                                 "page_size",
                                                 "encoding",
                                                 "temp_store",
                                                 "cache_size",
                                                 "cache_spill",
                                                 "busy_timeout",
                                                 "recursive_triggers",
                                                 "query_only",
                                                 "read_uncommitted",
                                                 "case_sensitive_like",
                                                 "automatic_index",
                                                 "ignore_check_constraints",
                                                 "writable_schema",
                                                 "trusted_schema",
                                                 "legacy_alter_table",
                                                 "reverse_unordered_selects",
                                                 "secure_delete",
                                                 "wal_autocheckpoint",
                                                 "journal_size_limit",
                                                 "mmap_size"};
  return std::ranges::any_of(
      settings, [&](auto const* each) { return ::sqlite3_stricmp(pragma, each) == 0; });
}

}  // namespace

Handle open_handle(std::string const& path, int flags) {
  sqlite3* connection = nullptr;
  int const code = ::sqlite3_open_v2(path.c_str(), &connection,
                                     flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, nullptr);
  Handle handle{connection};
  if (code != SQLITE_OK) throw error_of(connection, code, "open '" + path + "'");
  ::sqlite3_extended_result_codes(connection, 1);
  return handle;
}

SqliteConnection::SqliteConnection(Config const& config, Clock& clock, Random& random,
                                   Deadline deadline, std::shared_ptr<void> open)
    : clock_{clock},
      random_{random},
      open_{std::move(open)},
      line_{FairLock::of(config.path)},
      handle_{open_as(config)},
      deadline_{deadline},
      next_file_look_{clock.steady() + file_look_interval},
      is_for_reading_{config.opening == Opening::read_only},
      fell_back_to_reading_{!is_for_reading_ && ::sqlite3_db_readonly(handle_.get(), "main") == 1} {
  ::sqlite3_busy_handler(handle_.get(), &SqliteConnection::wait_for_lock, this);
  ::sqlite3_progress_handler(handle_.get(), steps_between_looks, &SqliteConnection::is_too_late,
                             this);
  ::sqlite3_set_authorizer(handle_.get(), &SqliteConnection::may_run, this);
  if (!is_for_reading_) {
    // Readers and the writer do not wait for each other. In memory there is no such mode, and no
    // need.
    run("PRAGMA journal_mode = WAL", {}, deadline);
    bool const syncs = config.durability == Durability::power_failure;
    run(syncs ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", {}, deadline);
    // The first access, which opens the log.
    run("PRAGMA schema_version", {}, deadline);
  }
  if (file_of(config.path)) file_.emplace(handle_.get());
  for (auto const& statement : config.statements) run(statement, {}, deadline);
}

/// What is committed to a file that was replaced or removed, or whose log was, is in no file:
/// better another connection.
void SqliteConnection::require_file() {
  if (!file_ || clock_.steady() < next_file_look_) return;
  next_file_look_ = clock_.steady() + file_look_interval;
  auto const state = file_->look();
  if (state == FileStatus::State::sound) return;
  auto const what = std::string{"sqlite: the database file '"} +
                    ::sqlite3_db_filename(handle_.get(), "main") + "' " + to_text(state);
  if (state == FileStatus::State::log_busy) throw Error{Fault::conflict, what};
  usable_ = false;
  throw Error{Fault::broken, what + "; it is opened again"};
}

/// With the write lock in hand: whoever found the log gone before had this lock to save what was in
/// it, and nothing may be written to that log any more.
void SqliteConnection::require_log() {
  if (!file_ || file_->has_its_log()) return;
  next_file_look_ = {};
  throw Error{Fault::conflict,
              std::string{"sqlite: the database file "} + to_text(FileStatus::State::log_busy)};
}

void SqliteConnection::begin(Access access, Deadline deadline) {
  ended_.reset();
  require_file();
  if (fell_back_to_reading_ && access != Access::read_only) {
    throw Error{Fault::broken,
                "sqlite: the database could be opened for reading only; make the file and its "
                "folder writable; it is opened again"};
  }
  turn_.emplace(line_.get(), access, deadline.remaining(clock_));
  control(access == Access::read_only ? "BEGIN" : "BEGIN IMMEDIATE", deadline);
  in_transaction_ = true;
  access_ = access;
  if (access != Access::read_only) require_log();
}

Rows SqliteConnection::execute(std::string_view sql, Parameters parameters, Deadline deadline) {
  require_open_transaction();
  return run(sql, parameters, deadline);
}

/// Some errors end the transaction by themselves; what follows must not be committed one by one.
void SqliteConnection::require_open_transaction() const {
  if (ended_) throw Error{*ended_};
}

void SqliteConnection::post(std::string_view sql, Parameters parameters, Deadline deadline) {
  execute(sql, parameters, deadline);
}

void SqliteConnection::commit(Deadline deadline) {
  require_open_transaction();
  try {
    control("COMMIT", deadline);
    in_transaction_ = false;
    turn_.reset();
  } catch (Error const& error) {
    if (!is_primary(error.native_code(), SQLITE_IOERR)) throw;
    // The disk may have taken the commit before it failed; a restart would then find it.
    throw Error{Fault::in_doubt, error.what(), error.native_code()};
  }
}

bool SqliteConnection::reset() noexcept {
  in_transaction_ = false;
  controls_ = true;
  bool const is_over =
      ::sqlite3_get_autocommit(handle_.get()) != 0 ||
      ::sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr) == SQLITE_OK;
  controls_ = false;
  turn_.reset();
  return is_over && usable_ && !fell_back_to_reading_;
}

Rows SqliteConnection::control(std::string_view sql, Deadline deadline) {
  deadline_ = deadline;
  controls_ = true;
  try {
    auto rows = prepared(sql).run({});
    controls_ = false;
    return rows;
  } catch (Error const&) {
    controls_ = false;
    throw;
  }
}

Rows SqliteConnection::run(std::string_view sql, Parameters parameters, Deadline deadline) {
  deadline_ = deadline;
  try {
    auto& statement = prepared(sql);
    if (in_transaction_ && access_ == Access::read_only && statement.writes()) {
      throw Error{Fault::rejected, "sqlite: '" + std::string{sql.substr(0, shown_sql_max)} +
                                       "' writes in a transaction that only reads; begin it with "
                                       "Access::read_write"};
    }
    auto rows = statement.run(parameters);
    note_end(nullptr);
    return rows;
  } catch (Error const& error) {
    note_end(&error);
    if (!is_primary(error.native_code(), SQLITE_READONLY)) throw;
    if (is_for_reading_) throw Error{Fault::rejected, error.what(), error.native_code()};
    usable_ = false;
    throw;
  }
}

/// SQLite itself says whether the transaction is still open, whatever the statement was.
void SqliteConnection::note_end(Error const* error) {
  if (!in_transaction_ || ended_ || ::sqlite3_get_autocommit(handle_.get()) == 0) return;
  if (error == nullptr) {
    usable_ = false;
    ended_.emplace(Fault::rejected,
                   "sqlite: a statement has ended the transaction, so that the rest of it cannot "
                   "be kept together; leave beginning and ending to `transact`");
    return;
  }
  ended_.emplace(error->fault(),
                 std::string{"sqlite: an earlier error has rolled the whole transaction back, and "
                             "nothing of it can be committed; let that error out, or have the "
                             "statement undo only itself (OR ABORT): "} +
                     error->what(),
                 error->native_code());
}

Statement& SqliteConnection::prepared(std::string_view sql) {
  // Ours and others' are apart: what may be in a statement was asked when it was prepared.
  std::string text{controls_ ? "!" : ""};
  text.append(sql);
  if (auto const found = statements_.find(text); found != statements_.end()) return *found->second;
  if (statements_.size() >= statements_max) statements_.clear();
  refusal_.clear();
  try {
    auto statement = std::make_unique<Statement>(handle_.get(), sql);
    return *statements_.emplace(std::move(text), std::move(statement)).first->second;
  } catch (Error const& error) {
    if (refusal_.empty() || !is_primary(error.native_code(), SQLITE_AUTH)) throw;
    throw Error{Fault::rejected, refusal_, error.native_code()};
  }
}

/// Asked by SQLite while it prepares a statement, of what it found in it: no lexer of ours could
/// tell better.
int SqliteConnection::may_run(void* self, int action, char const* first, char const* second,
                              char const*, char const*) noexcept {
  auto& connection = *static_cast<SqliteConnection*>(self);
  if (connection.controls_) return SQLITE_OK;
  bool const controls =
      action == SQLITE_TRANSACTION || (action == SQLITE_SAVEPOINT && !is_own_savepoint(second));
  if (controls) {
    connection.refusal_ = std::string{"sqlite: "} + first +
                          " inside a Transaction: it commits when the function of `transact` "
                          "returns and rolls back when it throws; use `with_savepoint` for a part "
                          "of it";
    return SQLITE_DENY;
  }
  if (action != SQLITE_PRAGMA || !connection.in_transaction_) return SQLITE_OK;
  if (::sqlite3_stricmp(first, "wal_checkpoint") == 0) {
    connection.refusal_ =
        "sqlite: PRAGMA wal_checkpoint would wait for the transaction that runs it; leave it out, "
        "SQLite does it by itself";
    return SQLITE_DENY;
  }
  if (second == nullptr || !is_setting_of_connection(first)) return SQLITE_OK;
  connection.refusal_ = std::string{"sqlite: PRAGMA "} + first +
                        " is a setting of a connection: inside a transaction it has no effect, or "
                        "it stays for others of the pool; give it to Config::statements, which run "
                        "on every new connection (foreign_keys also to the URL: ?foreign_keys=on)";
  return SQLITE_DENY;
}

/// Instead of SQLite's own pauses, which grow to 100 ms: a lock is mostly free again after one
/// commit.
int SqliteConnection::wait_for_lock(void* self, int attempts) noexcept {
  auto& connection = *static_cast<SqliteConnection*>(self);
  if (connection.deadline_.reached(connection.clock_)) return 0;
  auto const pause = first_pause * (1 << std::min(attempts, doublings_max));
  auto const jitter = 0.5 + connection.random_.unit() / 2;
  connection.clock_.pause(std::chrono::duration_cast<Duration>(pause * jitter));
  return 1;
}

int SqliteConnection::is_too_late(void* self) noexcept {
  auto const& connection = *static_cast<SqliteConnection*>(self);
  return connection.deadline_.reached(connection.clock_) ? 1 : 0;
}

}  // namespace tram::sqlite
