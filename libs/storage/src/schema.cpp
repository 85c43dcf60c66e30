#include "tram/storage/schema.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "schema_tables.hpp"
#include "tram/base/error.hpp"
#include "tram/sql/connection.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/transaction.hpp"

namespace tram {
namespace {

/// Two services that start at once on one database install one after the other.
constexpr std::int64_t installation_lock{0x7472616d};  // "tram"

/// Who can work without an addition waits no longer for it: those who use the table wait, too.
constexpr std::chrono::seconds addition_timeout{5};

std::set<std::string> columns_of(Transaction& tx, std::string const& table,
                                 SchemaName const& schema) {
  auto const rows = tx.execute(tx.dialect().catalog.columns, schema.qualify(table));
  std::set<std::string> columns;
  for (auto const row : rows) columns.insert(row.get<std::string>(0));
  return columns;
}

bool is_addition(TableDefinition::Column const& column) {
  return !column.value_in_old_rows.empty();
}

std::vector<std::string> needed_columns(TableDefinition const& table) {
  if (!table.needed_columns.empty()) return table.needed_columns;
  std::vector<std::string> names;
  for (auto const& column : table.columns) {
    if (!is_addition(column)) names.push_back(column.name);
  }
  return names;
}

std::vector<TableDefinition::Column> additions_to(TableDefinition const& table,
                                                  std::set<std::string> const& columns) {
  std::vector<TableDefinition::Column> missing;
  for (auto const& column : table.columns) {
    if (is_addition(column) && !columns.contains(column.name)) missing.push_back(column);
  }
  return missing;
}

/// Rows without ids of their own have them made by the database.
bool stands_in_for(std::string const& missing, std::set<std::string> const& columns) {
  return missing == "id" && columns.contains("dbid");
}

int version_of(Transaction& tx, SchemaName const& schema) {
  auto const rows = tx.execute("SELECT max(version) FROM " + schema.qualify("tram_schema"));
  return rows[0].get<std::optional<int>>(0).value_or(0);
}

SchemaStatus look(Transaction& tx, SchemaName const& schema) {
  using State = SchemaStatus::State;
  SchemaStatus status;
  bool foreign = false;
  bool missing = false;
  bool versioned = false;
  for (auto const& table : schema_tables(tx.dialect())) {
    auto const columns = columns_of(tx, table.name, schema);
    if (columns.empty()) {
      missing = true;
      status.findings.push_back("table " + schema.qualify(table.name) + " is missing");
      continue;
    }
    versioned = versioned || table.name == "tram_schema";
    for (auto const& column : needed_columns(table)) {
      if (columns.contains(column) || stands_in_for(column, columns)) continue;
      foreign = true;
      status.findings.push_back("table " + schema.qualify(table.name) + " has no column '" +
                                column + "'");
    }
    for (auto const& column : additions_to(table, columns))
      status.additions.push_back(add_column_statement(table, column, schema));
  }
  if (missing && is_hidden_by_capitals(tx, tx.dialect(), schema))
    status.findings.push_back(capitals_remedy(schema));
  if (versioned && !foreign) status.version = version_of(tx, schema);
  if (foreign) {
    status.state = State::foreign;
  } else if (!versioned) {
    status.state = State::absent;
  } else if (status.version > schema_version) {
    status.state = State::newer;
  } else {
    bool const all_is_there = !missing && status.additions.empty();
    status.state =
        all_is_there && status.version == schema_version ? State::current : State::behind;
  }
  return status;
}

std::string findings_of(SchemaStatus const& status) {
  std::string text;
  for (auto const& finding : status.findings) text.append(text.empty() ? "" : ", ").append(finding);
  return text;
}

[[noreturn]] void refuse(Database const& database, std::string const& what) {
  throw Error{Fault::rejected, "schema: " + database.name() + ": " + what};
}

/// Nothing can be done here about either.
void refuse_foreign_or_newer(Database const& database, SchemaStatus const& status) {
  if (status.state == SchemaStatus::State::foreign) {
    refuse(database,
           findings_of(status) + "; it belongs to something else: name another database or schema");
  }
  if (status.state == SchemaStatus::State::newer) {
    refuse(database, "the tables have version " + std::to_string(status.version) +
                         ", this program knows " + std::to_string(schema_version) +
                         "; use a newer release");
  }
}

/// The columns of each table that is there.
using TablesThere = std::map<std::string, std::set<std::string>>;

TablesThere tables_there(Transaction& tx, SchemaName const& schema) {
  TablesThere there;
  for (auto const& table : schema_tables(tx.dialect())) {
    auto columns = columns_of(tx, table.name, schema);
    if (!columns.empty()) there.emplace(table.name, std::move(columns));
  }
  return there;
}

/// Tables that are there stay as they are, without further indexes, too; but for columns that a
/// later release added to ours.
std::vector<std::string> statements_for(TableDefinition const& table, SchemaName const& schema,
                                        TablesThere const& there) {
  auto const found = there.find(table.name);
  if (found == there.end()) return create_statements(table, schema);
  std::vector<std::string> statements;
  for (auto const& column : additions_to(table, found->second))
    std::ranges::move(add_statements(table, column, schema), std::back_inserter(statements));
  return statements;
}

std::vector<std::string> installation(Dialect const& dialect, SchemaName const& schema,
                                      TablesThere const& there = {}) {
  std::vector<std::string> statements;
  // Where tables are, the schema is, and the right to make one is not needed.
  if (!schema.name().empty() && there.empty())
    statements.push_back("CREATE SCHEMA IF NOT EXISTS " + schema.name());
  for (auto const& table : schema_tables(dialect))
    std::ranges::move(statements_for(table, schema, there), std::back_inserter(statements));
  statements.push_back("INSERT INTO " + schema.qualify("tram_schema") +
                       " (version, installed_at) SELECT " + std::to_string(schema_version) + ", " +
                       std::string{dialect.now_milliseconds} + " WHERE NOT EXISTS (SELECT 1 FROM " +
                       schema.qualify("tram_schema") +
                       " WHERE version = " + std::to_string(schema_version) + ")");
  return statements;
}

bool is_usable(SchemaStatus const& status) {
  return status.version >= schema_version - 1 && status.version > 0 && status.findings.empty();
}

void lock_installation(Transaction& tx) {
  auto const lock = tx.dialect().catalog.lock_installation;
  if (!lock.empty()) tx.execute(lock, installation_lock);
}

void install(Database& database, SchemaName const& wanted, TransactOptions const& options) {
  auto const schema = schema_in(database.dialect(), wanted);
  database.transact(options, [&](Transaction& tx) {
    lock_installation(tx);
    auto const status = look(tx, schema);
    refuse_foreign_or_newer(database, status);
    if (status.state == SchemaStatus::State::current) return;
    if (status.state == SchemaStatus::State::absent &&
        is_hidden_by_capitals(tx, tx.dialect(), schema)) {
      refuse(database, capitals_remedy(schema));
    }
    for (auto const& statement : installation(tx.dialect(), schema, tables_there(tx, schema))) {
      tx.execute(statement);
    }
  });
}

}  // namespace

void install_schema(Database& database, SchemaName const& wanted) { install(database, wanted, {}); }

void make_tables(Database& database, std::function<void(Transaction&)> const& make) {
  database.transact([&](Transaction& tx) {
    lock_installation(tx);
    make(tx);
  });
}

std::string prepare_schema(Database& database, SchemaName const& schema) {
  auto const status = schema_status(database, schema);
  if (!is_usable(status) || status.additions.empty()) {
    install_schema(database, schema);
    return "";
  }
  try {
    install(database, schema, {.timeout = addition_timeout});
    return "";
  } catch (Error const& error) { return additions_text(status) + " (" + error.what() + ")"; }
}

std::string additions_text(SchemaStatus const& status) {
  if (status.additions.empty()) return "";
  std::string text = "tables are of release 0.1, which works; to upgrade them run \"tram schema "
                     "install\" as their owner, or ";
  for (auto const& statement : status.additions)
    text.append(&statement == &status.additions.front() ? "" : "; ").append(statement);
  return text;
}

SchemaStatus schema_status(Database& database, SchemaName const& wanted) {
  auto const schema = schema_in(database.dialect(), wanted);
  return database.transact({.access = Access::read_only},
                           [&](Transaction& tx) { return look(tx, schema); });
}

void require_schema(Database& database, SchemaName const& schema) {
  auto const status = schema_status(database, schema);
  refuse_foreign_or_newer(database, status);
  if (is_usable(status)) return;
  refuse(database, findings_of(status) +
                       (status.findings.empty() ? "the tables are of an old version" : "") +
                       "; run \"tram schema install\"");
}

bool is_hidden_by_capitals(StatementExecutor& tx, Dialect const& dialect,
                           SchemaName const& schema) {
  auto const question = dialect.catalog.hidden_schema;
  return !question.empty() && !tx.execute(question, schema.name()).empty();
}

std::string capitals_remedy(SchemaName const& schema) {
  auto const& name = schema.name();
  return "schema " + name +
         " is read in lower case, since names stand without quotes, as in the Java platform; the "
         "database has a schema with these capitals: run ALTER SCHEMA \"" +
         name + "\" RENAME TO " + name + ", or name another";
}

std::string print_schema(Dialect const& dialect, SchemaName const& schema) {
  std::string text;
  for (auto const& statement : installation(dialect, schema_in(dialect, schema)))
    text += statement + ";\n";
  return text;
}

}  // namespace tram
