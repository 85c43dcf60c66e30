#include "file_connection.hpp"

#include <filesystem>

#include "system_trouble.hpp"
#include "tram/base/file_uri.hpp"

namespace tram::embedded {
namespace {

/// Only other programs can hold SQLite's locks: ours take turns before they ask for one.
constexpr int lock_milliseconds_max{2'000};

bool is_system_trouble(int code) {
  return (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
}

Fault fault_of(int code, int system_code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_SCHEMA:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM: return Fault::transient;
    case SQLITE_CANTOPEN: return is_shortage(system_code) ? Fault::transient : Fault::rejected;
    default: return Fault::rejected;
  }
}

char const* remedy_of(int code, int system_code) {
  if (system_code != 0) return remedy_of_system(system_code);
  switch (code & 0xff) {
    // SQLite keeps no cause of a failed commit but a full disk.
    case SQLITE_IOERR: return "; look at the disk, limits of file sizes, and the system's log";
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "; another program is writing to the file";
    case SQLITE_FULL: return "; make room on the disk";
    case SQLITE_READONLY: return "; make the folder and the files in it writable";
    case SQLITE_NOTADB: return "; name another file";
    case SQLITE_CORRUPT: return "; restore the file from a backup";
    default: return "";
  }
}

}  // namespace

FileConnection::FileConnection(std::string const& path, Durability durability, Missing missing)
    : path_{path} {
  int const create = missing == Missing::create ? SQLITE_OPEN_CREATE : 0;
  sqlite3* connection = nullptr;
  int const code = ::sqlite3_open_v2(path.c_str(), &connection,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | create, nullptr);
  handle_.reset(connection);
  if (code != SQLITE_OK) throw error(code, "open");
  ::sqlite3_extended_result_codes(connection, 1);
  ::sqlite3_busy_timeout(connection, lock_milliseconds_max);
  // SQLite falls back to reading by itself.
  if (::sqlite3_db_readonly(connection, "main") == 1) {
    throw Error{Fault::rejected, "embedded: cannot open '" + path +
                                     "' for writing; make the folder and the files in it writable"};
  }
  bool const syncs = durability == Durability::power_failure;
  run("open", syncs ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
}

FileConnection::FileConnection(std::string const& path) : path_{path} {
  // Without a log nobody has it open, and SQLite would make one to read it.
  bool const at_rest = !std::filesystem::exists(path + "-wal");
  auto const uri = file_uri(path) + (at_rest ? "?immutable=1" : "?mode=ro");
  sqlite3* connection = nullptr;
  constexpr int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
  int const code = ::sqlite3_open_v2(uri.c_str(), &connection, flags, nullptr);
  handle_.reset(connection);
  if (code != SQLITE_OK) throw error(code, "open");
  ::sqlite3_extended_result_codes(connection, 1);
  ::sqlite3_busy_timeout(connection, lock_milliseconds_max);
}

void FileConnection::run(char const* operation, char const* sql) {
  int const code = ::sqlite3_exec(get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw error(code, operation);
}

bool FileConnection::write_back_log() {
  return ::sqlite3_wal_checkpoint_v2(get(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr) ==
         SQLITE_OK;
}

Error FileConnection::error(int code, std::string const& operation) const {
  int const system_code = is_system_trouble(code) ? ::sqlite3_system_errno(get()) : 0;
  return Error{fault_of(code, system_code),
               "embedded: cannot " + operation + " '" + path_ + "': " + ::sqlite3_errmsg(get()) +
                   remedy_of(code, system_code),
               code};
}

bool Statement::Run::next() {
  int const code = ::sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) statement_.check(code);
  return false;
}

std::int64_t Statement::Run::number(int column) const {
  return ::sqlite3_column_int64(statement_.get(), column);
}

bool Statement::Run::is_null(int column) const {
  return ::sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::string Statement::Run::bytes(int column) const {
  auto const* const begin =
      static_cast<char const*>(::sqlite3_column_blob(statement_.get(), column));
  auto const size = static_cast<std::size_t>(::sqlite3_column_bytes(statement_.get(), column));
  return begin == nullptr ? std::string{} : std::string{begin, size};
}

Statement::Statement(FileConnection& connection, char const* operation, char const* sql)
    : connection_{connection}, operation_{operation} {
  sqlite3_stmt* statement = nullptr;
  int const code = ::sqlite3_prepare_v3(connection.get(), sql, -1, SQLITE_PREPARE_PERSISTENT,
                                        &statement, nullptr);
  statement_.reset(statement);
  check(code);
}

void Statement::bind(int place, std::int64_t number) {
  check(::sqlite3_bind_int64(get(), place, number));
}

void Statement::bind(int place, std::string_view text) {
  auto const* const begin = text.empty() ? "" : text.data();
  check(::sqlite3_bind_text64(get(), place, begin, text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind(int place, Bytes value) {
  auto const bytes = value.bytes;
  auto const* const begin = bytes.empty() ? "" : bytes.data();
  check(::sqlite3_bind_blob64(get(), place, begin, bytes.size(), SQLITE_STATIC));
}

void Statement::check(int code) const {
  if (code != SQLITE_OK) throw connection_.error(code, operation_);
}

TransactionStatements::TransactionStatements(FileConnection& connection)
    : begin{connection, "write to", "BEGIN IMMEDIATE"}, commit{connection, "commit to", "COMMIT"} {}

FileTransaction::FileTransaction(FileConnection& connection, TransactionStatements& statements)
    : connection_{connection}, statements_{statements} {
  statements_.begin.execute();
}

FileTransaction::~FileTransaction() {
  // Some errors end it by themselves.
  if (::sqlite3_get_autocommit(connection_.get()) != 0) return;
  // What cannot be rolled back now is rolled back by the next one who opens the file.
  ::sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void FileTransaction::commit() { statements_.commit.execute(); }

}  // namespace tram::embedded
