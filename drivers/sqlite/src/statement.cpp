#include "statement.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

#include "statement_use.hpp"
#include "tram/sql/statement_text.hpp"
#include "tram/sqlite/dialect.hpp"

namespace tram::sqlite {
namespace {

constexpr std::size_t shown_sql_max{80};

Fault fault_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_SCHEMA:
    case SQLITE_PROTOCOL: return Fault::conflict;
    // What is wrong with a database is no statement's fault, and may be put right.
    case SQLITE_INTERRUPT:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH: return Fault::transient;
    // SQLite opens a file for reading once and stays with it, and may have read what is damaged.
    case SQLITE_READONLY:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Fault::broken;
    default: return Fault::rejected;
  }
}

/// SQLite has one code for all of these, and its texts are in no other language.
bool names_what_is_not_there(std::string_view message) {
  constexpr std::array<std::string_view, 11> texts{"no such table: ",
                                                   "no such column: ",
                                                   "no such view: ",
                                                   "no such index: ",
                                                   "no such function: ",
                                                   "no such module: ",
                                                   "no such collation sequence: ",
                                                   "no such tokenizer: ",
                                                   "unknown database ",
                                                   "foreign key mismatch - ",
                                                   "ON CONFLICT clause does not match any"};
  auto const contains = [&](auto text) { return message.find(text) != std::string_view::npos; };
  bool const lacks_column = message.starts_with("table ") &&
                            (contains(" has no column named ") || contains(" columns but "));
  return lacks_column ||
         std::ranges::any_of(texts, [&](auto text) { return message.starts_with(text); });
}

bool is_about_setup(int code, std::string_view message) {
  switch (code & 0xff) {
    case SQLITE_ERROR: return names_what_is_not_there(message);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN: return true;
    default: return false;
  }
}

/// As PostgreSQL calls the same, so that a handler can ask for it on any database.
std::string_view sqlstate_of(int extended_code) {
  switch (extended_code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID: return "23505";
    case SQLITE_CONSTRAINT_FOREIGNKEY: return "23503";
    case SQLITE_CONSTRAINT_CHECK: return "23514";
    case SQLITE_CONSTRAINT_NOTNULL: return "23502";
    default: return {};
  }
}

char const* remedy_of(int code, std::string_view message) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "; another connection is writing";
    case SQLITE_INTERRUPT: return "; the transaction's deadline has passed";
    case SQLITE_FULL: return "; make room on the disk";
    case SQLITE_READONLY: return "; make the file and its folder writable";
    case SQLITE_PERM:
    case SQLITE_CANTOPEN: return "; the folder must exist and be writable";
    case SQLITE_NOTADB: return "; name another file";
    case SQLITE_CORRUPT: return "; restore the file from a backup";
    case SQLITE_ERROR: break;
    default: return "";
  }
  if (!names_what_is_not_there(message)) return "";
  return "; create it (Tram's own tables: \"tram schema install\"), or correct the "
         "statement";
}

ResultColumns columns_of(sqlite3_stmt* statement) {
  auto const count = ::sqlite3_column_count(statement);
  ResultColumns columns{.names = {},
                        .statement = std::string{
                            std::string_view{::sqlite3_sql(statement)}.substr(0, shown_sql_max)}};
  columns.names.reserve(static_cast<std::size_t>(count));
  for (int column = 0; column < count; ++column) {
    auto const* const name = ::sqlite3_column_name(statement, column);
    columns.names.emplace_back(name == nullptr ? "" : name);
  }
  return columns;
}

Cell cell_of(sqlite3_stmt* statement, int column) {
  switch (::sqlite3_column_type(statement, column)) {
    case SQLITE_NULL: return std::monostate{};
    case SQLITE_INTEGER:
      return static_cast<std::int64_t>(::sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT: return ::sqlite3_column_double(statement, column);
    default: break;
  }
  auto const* const bytes = static_cast<char const*>(::sqlite3_column_blob(statement, column));
  auto const size = static_cast<std::size_t>(::sqlite3_column_bytes(statement, column));
  return std::string{bytes == nullptr ? "" : bytes, size};
}

}  // namespace

Error error_of(sqlite3* connection, int code, std::string const& operation) {
  std::string const message{::sqlite3_errmsg(connection)};
  auto const error =
      Error{fault_of(code),
            "sqlite: cannot " + operation + ": " + message + remedy_of(code, message), code}
          .with_sqlstate(sqlstate_of(code));
  return is_about_setup(code, message) ? error.about_setup() : error;
}

Statement::Statement(sqlite3* connection, std::string_view sql) : connection_{connection} {
  require_statement(sql, dialect.lexical_rules);
  sqlite3_stmt* statement = nullptr;
  char const* rest = nullptr;
  int const code = ::sqlite3_prepare_v3(connection, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, &rest);
  statement_.reset(statement);
  auto const shown = "'" + std::string{sql.substr(0, shown_sql_max)} + "'";
  if (code != SQLITE_OK) throw error_of(connection, code, "prepare " + shown);
  bool const one = statement != nullptr &&
                   is_empty_statement(sql.substr(static_cast<std::size_t>(rest - sql.data())),
                                      dialect.lexical_rules);
  if (!one) throw Error{Fault::rejected, "sqlite: " + shown + " is not exactly one statement"};
}

Rows Statement::run(Parameters parameters) {
  StatementUse const use{statement_.get()};
  bind(parameters);
  auto const changes_before = ::sqlite3_total_changes64(connection_);
  std::vector<Cell> cells;
  int code = ::sqlite3_step(statement_.get());
  // The step prepares the statement anew where another connection has changed a table.
  auto const columns = ::sqlite3_column_count(statement_.get());
  for (; code == SQLITE_ROW; code = ::sqlite3_step(statement_.get())) {
    for (int column = 0; column < columns; ++column) {
      cells.push_back(cell_of(statement_.get(), column));
    }
  }
  if (code != SQLITE_DONE) throw error_of(connection_, code, operation());
  // A statement that changes no row leaves the number of the one before.
  bool const changed = ::sqlite3_total_changes64(connection_) != changes_before;
  auto const affected = changed ? ::sqlite3_changes64(connection_) : 0;
  if (columns == 0) return Rows{0, {}, affected};
  return Rows{columns_of(statement_.get()), std::move(cells), affected};
}

void Statement::bind(Parameters parameters) {
  auto const wanted = static_cast<std::size_t>(::sqlite3_bind_parameter_count(statement_.get()));
  if (wanted != parameters.size()) {
    throw Error{Fault::rejected, "sqlite: cannot " + operation() + ": it has " +
                                     std::to_string(wanted) + " placeholders, but " +
                                     std::to_string(parameters.size()) + " values were given"};
  }
  int place = 0;
  for (auto const& parameter : parameters) bind_value(++place, parameter.value());
}

void Statement::bind_value(int place, Parameter::Value const& value) {
  auto* const statement = statement_.get();
  int code = SQLITE_OK;
  if (auto const* number = std::get_if<std::int64_t>(&value)) {
    code = ::sqlite3_bind_int64(statement, place, *number);
  } else if (auto const* real = std::get_if<double>(&value)) {
    code = ::sqlite3_bind_double(statement, place, *real);
  } else if (auto const* text = std::get_if<std::string_view>(&value)) {
    // Borrowed until the statement is reset at the end of `run`.
    auto const* const bytes = text->data() == nullptr ? "" : text->data();
    code = ::sqlite3_bind_text64(statement, place, bytes, text->size(), SQLITE_STATIC, SQLITE_UTF8);
  } else if (auto const* bytes = std::get_if<BytesView>(&value)) {
    // A null pointer would be NULL.
    auto const* const data = bytes->data == nullptr ? "" : bytes->data;
    code = ::sqlite3_bind_blob64(statement, place, data, bytes->size, SQLITE_STATIC);
  } else {
    code = ::sqlite3_bind_null(statement, place);
  }
  if (code != SQLITE_OK) throw error_of(connection_, code, operation());
}

std::string Statement::operation() const {
  return "run '" + std::string{::sqlite3_sql(statement_.get())}.substr(0, shown_sql_max) + "'";
}

}  // namespace tram::sqlite
