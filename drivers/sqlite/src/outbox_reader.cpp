#include "outbox_reader.hpp"

#include <sqlite3.h>

#include <limits>
#include <utility>

#include "database_file.hpp"
#include "statement_use.hpp"
#include "tram/base/error.hpp"

namespace tram::sqlite {
namespace {

Fault fault_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Fault::conflict;
    case SQLITE_ERROR:
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY: return Fault::rejected;
    default: return Fault::transient;
  }
}

std::string quoted(std::string const& name) {
  std::string out{"\""};
  for (char const each : name) out.append(each == '"' ? 2 : 1, each);
  return out + '"';
}

}  // namespace

void OutboxReader::Close::operator()(sqlite3* connection) const noexcept {
  ::sqlite3_close_v2(connection);
}
void OutboxReader::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  ::sqlite3_finalize(statement);
}

OutboxReader::OutboxReader(std::string path, std::string table, std::string relay)
    : path_{std::move(path)},
      table_{std::move(table)},
      relay_{std::move(relay)},
      line_{WaitingLine::of(path_)} {
  Turn const turn{line_.get(), Access::read_only};
  sqlite3* connection = nullptr;
  int const flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
  int const code = ::sqlite3_open_v2(path_.c_str(), &connection, flags, nullptr);
  connection_.reset(connection);
  if (code != SQLITE_OK) fail("open", code);
  ::sqlite3_extended_result_codes(connection, 1);
  // Losing the newest position means that rows come twice; it is not worth a sync of the disk.
  run("PRAGMA synchronous = NORMAL");
  rows_ = prepare("SELECT seq, id, destination, headers, payload, published FROM " +
                  quoted(table_) + " WHERE seq > ?1 ORDER BY seq LIMIT ?2");
  last_ = prepare("SELECT max(seq) FROM " + quoted(table_));
  position_ = prepare("SELECT position FROM tram_relay_position WHERE relay = ?1");
  store_ = prepare("INSERT INTO tram_relay_position (relay, position) VALUES (?1, ?2) "
                   "ON CONFLICT (relay) DO UPDATE SET position = excluded.position");
}

std::vector<OutboxReader::Entry> OutboxReader::rows_behind(std::int64_t seq, std::size_t rows_max) {
  Turn const turn{line_.get(), Access::read_only};
  StatementUse const use{rows_.get()};
  ::sqlite3_bind_int64(rows_.get(), 1, seq);
  ::sqlite3_bind_int64(rows_.get(), 2, static_cast<sqlite3_int64>(rows_max));
  std::vector<Entry> entries;
  int code = ::sqlite3_step(rows_.get());
  for (; code == SQLITE_ROW; code = ::sqlite3_step(rows_.get())) entries.push_back(entry());
  if (code != SQLITE_DONE) fail("read the outbox of", code);
  return entries;
}

OutboxReader::Entry OutboxReader::entry() const {
  auto const seq = ::sqlite3_column_int64(rows_.get(), 0);
  if (::sqlite3_column_int(rows_.get(), 5) != 0) return {.seq = seq, .row = std::nullopt};
  auto id = text(1).value_or("");
  // Without an id of its own the row is known by its number.
  auto const database_id = id.empty() ? std::optional<std::int64_t>{seq} : std::nullopt;
  return {.seq = seq,
          .row = OutboxRow{.id = std::move(id),
                           .database_id = database_id,
                           .destination = text(2).value_or(""),
                           .headers = text(3),
                           .payload = text(4),
                           .ends_at = static_cast<LogPosition>(seq)}};
}

std::optional<std::string> OutboxReader::text(int column) const {
  auto const* const bytes = ::sqlite3_column_text(rows_.get(), column);
  if (bytes == nullptr) return std::nullopt;
  auto const size = static_cast<std::size_t>(::sqlite3_column_bytes(rows_.get(), column));
  return std::string{reinterpret_cast<char const*>(bytes), size};
}

bool OutboxReader::has_moved() const { return sqlite::has_moved(connection_.get()); }

std::int64_t OutboxReader::last_seq() {
  return single_value(last_, "read the outbox of").value_or(0);
}

std::int64_t OutboxReader::last_seq_ever() {
  constexpr char const* operation = "read the outbox of";
  auto const counters = prepare("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'");
  if (!single_value(counters, operation)) return std::numeric_limits<std::int64_t>::max();
  auto const counter = prepare("SELECT max(seq) FROM sqlite_sequence WHERE name = ?1");
  ::sqlite3_bind_text(counter.get(), 1, table_.c_str(), -1, SQLITE_STATIC);
  return single_value(counter, operation).value_or(0);
}

std::optional<std::int64_t> OutboxReader::position() {
  ::sqlite3_bind_text(position_.get(), 1, relay_.c_str(), -1, SQLITE_STATIC);
  return single_value(position_, "read the relay's position in");
}

std::optional<std::int64_t> OutboxReader::single_value(Statement const& statement,
                                                       std::string const& operation) {
  Turn const turn{line_.get(), Access::read_only};
  StatementUse const use{statement.get()};
  int const code = ::sqlite3_step(statement.get());
  if (code == SQLITE_DONE) return std::nullopt;
  if (code != SQLITE_ROW) fail(operation, code);
  if (::sqlite3_column_type(statement.get(), 0) == SQLITE_NULL) return std::nullopt;
  return ::sqlite3_column_int64(statement.get(), 0);
}

bool OutboxReader::store_position(std::int64_t position) {
  Turn const turn{line_.get(), Access::read_write};
  StatementUse const use{store_.get()};
  ::sqlite3_bind_text(store_.get(), 1, relay_.c_str(), -1, SQLITE_STATIC);
  ::sqlite3_bind_int64(store_.get(), 2, position);
  int const code = ::sqlite3_step(store_.get());
  if (code == SQLITE_DONE) return true;
  if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return false;
  fail("store the relay's position in", code);
}

void OutboxReader::run(char const* sql) {
  int const code = ::sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail("open", code);
}

OutboxReader::Statement OutboxReader::prepare(std::string const& sql) {
  sqlite3_stmt* statement = nullptr;
  int const code = ::sqlite3_prepare_v3(connection_.get(), sql.c_str(), -1,
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) fail("use the tables of", code);
  return Statement{statement};
}

void OutboxReader::fail(std::string const& operation, int code) {
  auto const fault = fault_of(code);
  auto const* const remedy = fault != Fault::rejected ? "the relay will retry"
                             : (code & 0xff) == SQLITE_ERROR
                                 ? "run \"tram schema install\""
                                 : "give the relay a SQLite database that it may write to";
  throw Error{fault,
              "sqlite relay: cannot " + operation + " '" + path_ +
                  "': " + ::sqlite3_errmsg(connection_.get()) + "; " + remedy,
              code};
}

}  // namespace tram::sqlite
