#include "sqlite_connection.hpp"

#include <algorithm>
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

Handle open_as(Config const& config) {
  if (config.opening == Opening::create)
    return open_handle(config.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  auto const file = file_of(config.path);
  if (file && !std::filesystem::exists(*file))
    throw Error{Fault::rejected, "sqlite: " + missing_file(*file)};
  if (config.opening == Opening::existing) return open_handle(config.path, SQLITE_OPEN_READWRITE);
  return open_handle(path_to_look_at(config.path), SQLITE_OPEN_READONLY);
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
                                   Deadline deadline)
    : clock_{clock},
      random_{random},
      line_{WaitingLine::of(config.path)},
      handle_{open_as(config)},
      deadline_{deadline},
      next_file_look_{clock.steady() + file_look_interval} {
  ::sqlite3_busy_handler(handle_.get(), &SqliteConnection::wait_for_lock, this);
  ::sqlite3_progress_handler(handle_.get(), steps_between_looks, &SqliteConnection::is_too_late,
                             this);
  if (config.opening == Opening::read_only) return;
  // Readers and the writer do not wait for each other. In memory there is no such mode, and no
  // need.
  run("PRAGMA journal_mode = WAL", {}, deadline);
  bool const syncs = config.durability == Durability::power_failure;
  run(syncs ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", {}, deadline);
}

/// What is committed to a file that was replaced or removed is in no file: better another
/// connection.
void SqliteConnection::look_at_file() {
  if (clock_.steady() < next_file_look_) return;
  next_file_look_ = clock_.steady() + file_look_interval;
  if (!has_moved(handle_.get())) return;
  usable_ = false;
  throw Error{Fault::broken, "sqlite: the database file was replaced or removed while it was open; "
                             "it is opened anew"};
}

void SqliteConnection::begin(Access access, Deadline deadline) {
  look_at_file();
  turn_.emplace(line_.get(), access, deadline.remaining(clock_));
  run(access == Access::read_only ? "BEGIN" : "BEGIN IMMEDIATE", {}, deadline);
  in_transaction_ = true;
  access_ = access;
}

Rows SqliteConnection::execute(std::string_view sql, Parameters parameters, Deadline deadline) {
  // Some errors end the transaction by themselves; what follows must not be committed one by one.
  if (in_transaction_ && ::sqlite3_get_autocommit(handle_.get()) != 0) {
    throw Error{Fault::conflict,
                "sqlite: an earlier error has rolled the transaction back; run it again"};
  }
  return run(sql, parameters, deadline);
}

void SqliteConnection::post(std::string_view sql, Parameters parameters, Deadline deadline) {
  execute(sql, parameters, deadline);
}

void SqliteConnection::commit(Deadline deadline) {
  try {
    execute("COMMIT", {}, deadline);
    in_transaction_ = false;
    turn_.reset();
  } catch (Error const& error) {
    if ((error.native_code() & 0xff) != SQLITE_IOERR) throw;
    // The disk may have taken the commit before it failed; a restart would then find it.
    throw Error{Fault::in_doubt, error.what(), error.native_code()};
  }
}

bool SqliteConnection::reset() noexcept {
  in_transaction_ = false;
  bool const is_over =
      ::sqlite3_get_autocommit(handle_.get()) != 0 ||
      ::sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr) == SQLITE_OK;
  turn_.reset();
  return is_over && usable_;
}

Rows SqliteConnection::run(std::string_view sql, Parameters parameters, Deadline deadline) {
  deadline_ = deadline;
  auto& statement = prepared(sql);
  if (in_transaction_ && access_ == Access::read_only && statement.writes()) {
    throw Error{Fault::rejected, "sqlite: '" + std::string{sql.substr(0, shown_sql_max)} +
                                     "' writes in a transaction that only reads; begin it with "
                                     "Access::read_write"};
  }
  return statement.run(parameters);
}

Statement& SqliteConnection::prepared(std::string_view sql) {
  std::string text{sql};
  if (auto const found = statements_.find(text); found != statements_.end()) return *found->second;
  if (statements_.size() >= statements_max) statements_.clear();
  auto statement = std::make_unique<Statement>(handle_.get(), sql);
  return *statements_.emplace(std::move(text), std::move(statement)).first->second;
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
