#include "outbox_reader.hpp"

#include <sqlite3.h>

#include <tuple>
#include <utility>

#include "database_file.hpp"
#include "outbox_columns.hpp"
#include "statement_use.hpp"
#include "tram/base/error.hpp"
#include "tram/relay/numbered_position.hpp"

namespace tram::sqlite {
namespace {

constexpr char const* reading = "read the outbox of";

Fault fault_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Fault::conflict;
    case SQLITE_ERROR:
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_PERM:
    case SQLITE_AUTH: return Fault::rejected;
    default: return Fault::transient;
  }
}

std::optional<std::string> text_of(sqlite3_stmt* statement, int column) {
  auto const* const bytes = ::sqlite3_column_text(statement, column);
  if (bytes == nullptr) return std::nullopt;
  auto const size = static_cast<std::size_t>(::sqlite3_column_bytes(statement, column));
  return std::string{reinterpret_cast<char const*>(bytes), size};
}

void bind(sqlite3_stmt* statement, int place, std::string const& text) {
  ::sqlite3_bind_text(statement, place, text.c_str(), static_cast<int>(text.size()), SQLITE_STATIC);
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
      mark_prefix_{relay_ + std::string{row_mark_infix}},
      line_{FairLock::of(path_)} {
  FairLockGuard const turn{line_.get(), Access::read_only};
  open();
  // Losing the newest position means that rows come twice; it is not worth a sync of the disk.
  run("open", "PRAGMA synchronous = NORMAL");
  prepare_statements();
  std::ignore = single_value(last_, reading);
  if (file_of(path_)) file_.emplace(connection_.get());
}

void OutboxReader::open() {
  sqlite3* connection = nullptr;
  int const flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
  int const code = ::sqlite3_open_v2(path_.c_str(), &connection, flags, nullptr);
  connection_.reset(connection);
  if (code != SQLITE_OK) fail("open", code);
  ::sqlite3_extended_result_codes(connection, 1);
  // SQLite falls back to reading by itself; the position could not be stored then.
  if (::sqlite3_db_readonly(connection, "main") != 1) return;
  throw Error{Fault::transient, "sqlite relay: cannot open '" + path_ +
                                    "' for writing; make the file and its folder writable; the "
                                    "relay will retry"};
}

void OutboxReader::prepare_statements() {
  auto const table = quoted(table_);
  begin_read_ = prepare("BEGIN");
  end_read_ = prepare("ROLLBACK");
  begin_write_ = prepare("BEGIN IMMEDIATE");
  commit_ = prepare("COMMIT");
  rows_ = prepare("SELECT seq, id, destination, headers, payload, published FROM " + table +
                  " WHERE seq > ?1 ORDER BY seq LIMIT ?2");
  refuse_strange_columns();
  refuse_repeated_numbers();
  last_ = prepare("SELECT max(seq) FROM " + table);
  auto const counters = prepare("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'");
  auto const counted_in = [counts = single_value(counters, reading).has_value()](
                              std::string const& name) -> std::string {
    return counts
               ? "(SELECT max(seq) FROM sqlite_sequence WHERE name = " + name + " COLLATE NOCASE)"
               : "0";
  };
  auto const held = "coalesce(" + counted_in("'tram_relay_held'") + ", 0)";
  look_ = prepare("SELECT (SELECT position FROM tram_relay_position WHERE relay = ?1), "
                  "max(coalesce(" +
                  counted_in("?2") + ", 0), coalesce((SELECT max(seq) FROM " + table +
                  "), 0)), (SELECT " + row_mark_expression() + " FROM " + table +
                  " WHERE seq = ?3), " + held);
  last_held_ = prepare("SELECT " + held);
  schema_version_ = prepare("PRAGMA schema_version");
  stored_row_ = prepare("SELECT substr(relay, length(?1) + 1) FROM tram_relay_position WHERE "
                        "substr(relay, 1, length(?1)) = ?1");
  store_ = prepare("INSERT INTO tram_relay_position (relay, position) VALUES (?1, ?2) "
                   "ON CONFLICT (relay) DO UPDATE SET position = excluded.position");
  forget_row_ = prepare("DELETE FROM tram_relay_position WHERE substr(relay, 1, length(?1)) = ?1");
  store_row_ = prepare("INSERT INTO tram_relay_position (relay, position) SELECT ?1 || " +
                       row_mark_expression() + ", seq FROM " + table + " WHERE seq = ?2");
}

OutboxReader::Snapshot::Snapshot(OutboxReader& reader)
    : reader_{reader}, turn_{reader.line_.get(), Access::read_only} {
  std::ignore = reader.single_value(reader.begin_read_, reading);
}

OutboxReader::Snapshot::~Snapshot() { reader_.roll_back(); }

std::vector<OutboxReader::Entry> OutboxReader::rows_behind(std::int64_t seq, std::size_t rows_max) {
  StatementUse const use{rows_.get()};
  ::sqlite3_bind_int64(rows_.get(), 1, seq);
  ::sqlite3_bind_int64(rows_.get(), 2, static_cast<sqlite3_int64>(rows_max));
  std::vector<Entry> entries;
  int code = ::sqlite3_step(rows_.get());
  for (; code == SQLITE_ROW; code = ::sqlite3_step(rows_.get())) entries.push_back(entry());
  if (code != SQLITE_DONE) fail(reading, code);
  return entries;
}

OutboxReader::Entry OutboxReader::entry() const {
  auto const seq = ::sqlite3_column_int64(rows_.get(), 0);
  if (::sqlite3_column_int(rows_.get(), 5) != 0) return {.seq = seq, .row = std::nullopt};
  OutboxRow row{.id = bytes(1).value_or(""),
                .database_id = std::nullopt,
                .destination = {},
                .headers = {},
                .payload = {},
                .ends_at = LogPosition{static_cast<std::uint64_t>(seq)}};
  // Without an id of its own the row is known by its number.
  if (row.id.empty()) row.database_id = seq;
  row.destination = text(2, row).value_or("");
  row.headers = text(3, row);
  row.payload = text(4, row);
  return {.seq = seq, .row = std::move(row)};
}

void OutboxReader::require_file() {
  if (!file_) return;
  auto const state = file_->look();
  if (state == FileStatus::State::sound) return;
  throw Error{Fault::transient, "sqlite relay: '" + path_ + "' " + to_text(state) +
                                    "; it is opened again, and published from the position stored "
                                    "in it"};
}

/// A blob as it is: asked for as text, a database in UTF-16 would take it for that.
std::optional<std::string> OutboxReader::bytes(int column) const {
  auto* const rows = rows_.get();
  bool const is_blob = ::sqlite3_column_type(rows, column) == SQLITE_BLOB;
  auto const* const begin =
      is_blob ? static_cast<char const*>(::sqlite3_column_blob(rows, column))
              : reinterpret_cast<char const*>(::sqlite3_column_text(rows, column));
  auto const size = static_cast<std::size_t>(::sqlite3_column_bytes(rows, column));
  if (begin == nullptr) return is_blob ? std::optional<std::string>{""} : std::nullopt;
  return std::string{begin, size};
}

std::optional<std::string> OutboxReader::text(int column, OutboxRow& row) const {
  if (::sqlite3_column_type(rows_.get(), column) == SQLITE_FLOAT)
    row.unreadable = std::string{"column '"} + ::sqlite3_column_name(rows_.get(), column) +
                     "' holds a number with a fraction, not the text that was written";
  return bytes(column);
}

std::int64_t OutboxReader::last_seq() { return single_value(last_, reading).value_or(0); }

bool OutboxReader::waiting_behind(std::int64_t seq) {
  auto const waiting = prepare("SELECT 1 FROM " + quoted(table_) +
                               " WHERE seq > ?1 AND coalesce(published, 0) = 0 LIMIT 1");
  ::sqlite3_bind_int64(waiting.get(), 1, seq);
  return single_value(waiting, reading).has_value();
}

OutboxLook OutboxReader::look(std::int64_t seq) {
  OutboxLook found;
  StatementUse const use{look_.get()};
  bind(look_.get(), 1, relay_);
  bind(look_.get(), 2, table_);
  ::sqlite3_bind_int64(look_.get(), 3, seq);
  int const code = ::sqlite3_step(look_.get());
  if (code != SQLITE_ROW) fail("read the relay's position in", code);
  if (::sqlite3_column_type(look_.get(), 0) != SQLITE_NULL)
    found.position = ::sqlite3_column_int64(look_.get(), 0);
  found.last_number = ::sqlite3_column_int64(look_.get(), 1);
  found.row = text_of(look_.get(), 2);
  found.last_held = ::sqlite3_column_int64(look_.get(), 3);
  found.schema_version = single_value(schema_version_, reading).value_or(0);
  return found;
}

std::int64_t OutboxReader::last_held() {
  FairLockGuard const turn{line_.get(), Access::read_only};
  return single_value(last_held_, reading).value_or(0);
}

std::optional<std::string> OutboxReader::stored_row() {
  StatementUse const use{stored_row_.get()};
  bind(stored_row_.get(), 1, mark_prefix_);
  int const code = ::sqlite3_step(stored_row_.get());
  if (code == SQLITE_DONE) return std::nullopt;
  if (code != SQLITE_ROW) fail("read the relay's position in", code);
  return text_of(stored_row_.get(), 0);
}

std::optional<std::int64_t> OutboxReader::single_value(Statement const& statement,
                                                       std::string const& operation) {
  StatementUse const use{statement.get()};
  int const code = ::sqlite3_step(statement.get());
  if (code == SQLITE_DONE) return std::nullopt;
  if (code != SQLITE_ROW) fail(operation, code);
  if (::sqlite3_column_type(statement.get(), 0) == SQLITE_NULL) return std::nullopt;
  return ::sqlite3_column_int64(statement.get(), 0);
}

/// With the write lock in hand: whoever found the log gone before had this lock to save what was in
/// it, and nothing may be written to that log any more.
bool OutboxReader::begin_store() {
  if (!write(begin_write_)) return false;
  if (!file_ || file_->has_its_log()) return true;
  roll_back();
  require_file();
  return false;
}

bool OutboxReader::end_store(std::int64_t position) {
  bind(store_.get(), 1, relay_);
  ::sqlite3_bind_int64(store_.get(), 2, position);
  bind(forget_row_.get(), 1, mark_prefix_);
  bind(store_row_.get(), 1, mark_prefix_);
  ::sqlite3_bind_int64(store_row_.get(), 2, position);
  return write(store_) && write(forget_row_) && write(store_row_) && write(commit_);
}

bool OutboxReader::write(Statement const& statement) {
  StatementUse const use{statement.get()};
  int const code = ::sqlite3_step(statement.get());
  if (code == SQLITE_DONE) return true;
  if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED) return false;
  fail("store the relay's position in", code);
}

/// What cannot be rolled back is closed: any error but a busy database ends this connection.
void OutboxReader::roll_back() noexcept {
  if (::sqlite3_get_autocommit(connection_.get()) != 0) return;
  ::sqlite3_step(end_read_.get());
  ::sqlite3_reset(end_read_.get());
}

void OutboxReader::refuse_strange_columns() {
  auto const columns =
      prepare("SELECT c.name, c.type, coalesce((SELECT t.strict FROM pragma_table_list(?1) t), 0) "
              "FROM pragma_table_info(?1) c");
  ::sqlite3_bind_text(columns.get(), 1, table_.c_str(), -1, SQLITE_STATIC);
  auto const text_in = [&](int column) {
    auto const* const text = ::sqlite3_column_text(columns.get(), column);
    return text == nullptr ? std::string{} : std::string{reinterpret_cast<char const*>(text)};
  };
  while (::sqlite3_step(columns.get()) == SQLITE_ROW) {
    auto const typing =
        ::sqlite3_column_int(columns.get(), 2) != 0 ? Typing::strict : Typing::flexible;
    auto const complaint = column_complaint(text_in(0), text_in(1), typing);
    if (!complaint.empty())
      throw Error{Fault::rejected,
                  "sqlite relay: table '" + table_ + "' in '" + path_ + "': " + complaint};
  }
}

void OutboxReader::refuse_repeated_numbers() {
  auto const described = prepare(std::string{numbering_question});
  bind(described.get(), 1, table_);
  if (::sqlite3_step(described.get()) != SQLITE_ROW) return;
  auto const complaint = numbering_complaint(text_of(described.get(), 0).value_or(""),
                                             text_of(described.get(), 1).value_or(""));
  if (complaint.empty()) return;
  throw Error{Fault::rejected,
              "sqlite relay: table '" + table_ + "' in '" + path_ + "' " + complaint};
}

void OutboxReader::run(char const* operation, char const* sql) {
  int const code = ::sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(operation, code);
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
  auto const* const remedy = (code & 0xff) == SQLITE_READONLY
                                 ? "make the file and its folder writable; the relay will retry"
                             : fault != Fault::rejected ? "the relay will retry"
                             : (code & 0xff) == SQLITE_ERROR
                                 ? "run \"tram schema install\""
                                 : "give the relay a SQLite database that it may write to";
  throw Error{fault,
              "sqlite relay: cannot " + operation + " '" + path_ +
                  "': " + ::sqlite3_errmsg(connection_.get()) + "; " + remedy,
              code};
}

}  // namespace tram::sqlite
