#include "schema_installation.hpp"

#include <utility>

namespace tram {
namespace {

/// `{table}` becomes the qualified name of each table of the part.
std::string qualified(std::string text, TablePart const& part, SchemaName const& schema) {
  for (auto const& table : part.tables)
    text = filled(text, {{table.name, schema.qualify(table.name)}});
  return text;
}

}  // namespace

std::vector<std::string> SchemaInstallation::statements(TableParts const& parts) {
  // Where tables are, the schema is, and the right to make one is not needed.
  if (!schema_.name().empty() && found_.tables.empty())
    add("CREATE SCHEMA IF NOT EXISTS " + schema_.name());
  for (auto const& part : parts) {
    for (auto const& table : part.tables) make(table);
    upgrade(part);
  }
  make(version_table(dialect_));
  if (found_.status.version < schema_version) write_version();
  for (auto const& part : parts) write_version(part);
  return std::move(statements_);
}

std::vector<std::string> SchemaInstallation::additions(TableParts const& parts) {
  for (auto const& part : parts) {
    if (version_of(part) == 0) continue;
    for (auto const& table : part.tables) add_to(table);
    upgrade(part);
    write_version(part);
  }
  return std::move(statements_);
}

bool SchemaInstallation::is_there(TableDefinition const& table) const {
  return found_.tables.contains(table.name);
}

int SchemaInstallation::version_of(TablePart const& part) const {
  auto const found = found_.versions.find(part.name);
  return found == found_.versions.end() ? 0 : found->second;
}

/// Tables of the Java platform stay as they are.
std::vector<TableDefinition::Column> SchemaInstallation::missing_columns(
    TableDefinition const& table) const {
  std::vector<TableDefinition::Column> missing;
  if (!table.needed_columns.empty()) return missing;
  auto const& there = found_.tables.at(table.name);
  for (auto const& column : table.columns) {
    if (!there.contains(column.name)) missing.push_back(column);
  }
  return missing;
}

void SchemaInstallation::create(TableDefinition const& table) {
  for (auto& statement : create_statements(table, schema_)) add(std::move(statement));
}

/// Tables that are there get no further indexes.
void SchemaInstallation::make(TableDefinition const& table) {
  if (!is_there(table)) return create(table);
  for (auto const& column : missing_columns(table)) {
    add_column(table, column);
    fill(table, column);
  }
}

void SchemaInstallation::add_to(TableDefinition const& table) {
  if (!is_there(table)) {
    if (table.since > 1) create(table);
    return;
  }
  for (auto const& column : missing_columns(table)) {
    add_column(table, column);
    // The others are understood as they are.
    if (!column.optional) fill(table, column);
  }
}

void SchemaInstallation::add_column(TableDefinition const& table,
                                    TableDefinition::Column const& column) {
  add("ALTER TABLE " + schema_.qualify(table.name) + " ADD COLUMN \"" + column.name + "\" " +
      column.definition);
}

void SchemaInstallation::fill(TableDefinition const& table, TableDefinition::Column const& column) {
  if (column.value_in_old_rows.empty()) return;
  add("UPDATE " + schema_.qualify(table.name) + " SET \"" + column.name +
      "\" = " + column.value_in_old_rows);
}

/// A part that is not there has no rows to change.
void SchemaInstallation::upgrade(TablePart const& part) {
  int const version = version_of(part);
  for (auto const& each : part.upgrades) {
    if (version == 0 || each.version <= version) continue;
    for (auto const& statement : each.statements) add(qualified(statement, part, schema_));
  }
}

void SchemaInstallation::write_version() {
  insert_once("tram_schema", {{"version", std::to_string(schema_version)}});
}

void SchemaInstallation::write_version(TablePart const& part) {
  if (part.version == 1 || version_of(part) >= part.version) return;
  auto const table = part_version_table(dialect_);
  if (!std::exchange(has_part_versions_, true)) make(table);
  insert_once(table.name,
              {{"part", "'" + part.name + "'"}, {"version", std::to_string(part.version)}});
}

/// A printed installation may be run twice, too.
void SchemaInstallation::insert_once(std::string const& name, Values const& values) {
  auto const table = schema_.qualify(name);
  std::string columns;
  std::string expressions;
  std::string same;
  for (auto const& [column, value] : values) {
    columns += column + ", ";
    expressions += value + ", ";
    same.append(same.empty() ? "" : " AND ").append(column).append(" = ").append(value);
  }
  add("INSERT INTO " + table + " (" + columns + "installed_at) SELECT " + expressions +
      std::string{dialect_.now_milliseconds} + " WHERE NOT EXISTS (SELECT 1 FROM " + table +
      " WHERE " + same + ")");
}

}  // namespace tram
