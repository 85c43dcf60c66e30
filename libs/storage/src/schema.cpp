#include "tram/storage/schema.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
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

std::set<std::string> columns_of(Transaction& tx, std::string const& table,
                                 SchemaName const& schema) {
  auto const rows = tx.execute(tx.dialect().catalog.columns, schema.qualify(table));
  std::set<std::string> columns;
  for (auto const row : rows) columns.insert(row.get<std::string>(0));
  return columns;
}

std::vector<std::string> needed_columns(TableDefinition const& table) {
  if (!table.needed_columns.empty()) return table.needed_columns;
  std::vector<std::string> names;
  for (auto const& column : table.columns) names.push_back(column.name);
  return names;
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
    status.state = missing || status.version < schema_version ? State::behind : State::current;
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

std::set<std::string> tables_there(Transaction& tx, SchemaName const& schema) {
  std::set<std::string> there;
  for (auto const& table : schema_tables(tx.dialect())) {
    if (!columns_of(tx, table.name, schema).empty()) there.insert(table.name);
  }
  return there;
}

/// Tables that are there stay as they are, without further indexes, too.
std::vector<std::string> installation(Dialect const& dialect, SchemaName const& schema,
                                      std::set<std::string> const& there = {}) {
  std::vector<std::string> statements;
  if (!schema.name().empty()) statements.push_back("CREATE SCHEMA IF NOT EXISTS " + schema.name());
  for (auto const& table : schema_tables(dialect)) {
    if (there.contains(table.name)) continue;
    for (auto& statement : create_statements(table, schema))
      statements.push_back(std::move(statement));
  }
  statements.push_back("INSERT INTO " + schema.qualify("tram_schema") +
                       " (version, installed_at) SELECT " + std::to_string(schema_version) + ", " +
                       std::string{dialect.now_milliseconds} + " WHERE NOT EXISTS (SELECT 1 FROM " +
                       schema.qualify("tram_schema") +
                       " WHERE version = " + std::to_string(schema_version) + ")");
  return statements;
}

}  // namespace

void install_schema(Database& database, SchemaName const& wanted) {
  auto const schema = schema_in(database.dialect(), wanted);
  database.transact([&](Transaction& tx) {
    auto const lock = tx.dialect().catalog.lock_installation;
    if (!lock.empty()) tx.execute(lock, installation_lock);
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

SchemaStatus schema_status(Database& database, SchemaName const& wanted) {
  auto const schema = schema_in(database.dialect(), wanted);
  return database.transact({.access = Access::read_only},
                           [&](Transaction& tx) { return look(tx, schema); });
}

void require_schema(Database& database, SchemaName const& schema) {
  auto const status = schema_status(database, schema);
  refuse_foreign_or_newer(database, status);
  bool const usable =
      status.version >= schema_version - 1 && status.version > 0 && status.findings.empty();
  if (usable) return;
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
