#include "schema_search.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "tram/sql/transaction.hpp"

namespace tram {
namespace {

using State = SchemaStatus::State;

std::set<std::string> columns_of(Transaction& tx, std::string const& table,
                                 SchemaName const& schema) {
  auto const rows = tx.execute(tx.dialect().catalog.columns, schema.qualify(table));
  std::set<std::string> columns;
  for (auto const row : rows) columns.insert(row.get<std::string>(0));
  return columns;
}

/// Those that a part of this version must have.
std::vector<std::string> needed_columns(TableDefinition const& table, int version) {
  if (!table.needed_columns.empty()) return table.needed_columns;
  std::vector<std::string> names;
  for (auto const& column : table.columns) {
    if (!column.optional && column.since <= version) names.push_back(column.name);
  }
  return names;
}

/// Rows without ids have them made by the database.
bool stands_in_for(std::string const& missing, std::set<std::string> const& columns) {
  return missing == "id" && columns.contains("dbid");
}

/// Reads what is there, and then judges it part by part.
class Search final {
 public:
  Search(Transaction& tx, SchemaName const& schema) : tx_{tx}, schema_{schema} {}

  SchemaFound find(TableParts const& parts) {
    auto const versions = version_table(tx_.dialect());
    auto const part_versions = part_version_table(tx_.dialect());
    for (auto const& part : parts) read_columns(part.tables);
    read_columns({versions, part_versions});
    if (is_there(part_versions)) read_part_versions();
    for (auto const& part : parts) judge(part);
    check(versions, 1);
    if (is_there(versions) && !foreign_) read_version();
    if (missing_ && is_hidden_by_capitals(tx_, tx_.dialect(), schema_))
      found_.status.findings.push_back(capitals_remedy(schema_));
    found_.status.state = state(is_there(versions));
    found_.usable = found_.status.findings.empty() && found_.status.version > 0 &&
                    found_.status.version >= schema_version - 1;
    if (found_.status.remedy.empty()) found_.status.remedy = upgrade_remedy_;
    if (found_.status.remedy.empty() && !parts.empty()) found_.status.remedy = parts.front().remedy;
    return std::move(found_);
  }

 private:
  [[nodiscard]] bool is_there(TableDefinition const& table) const {
    return found_.tables.contains(table.name);
  }

  void read_columns(std::vector<TableDefinition> const& tables) {
    for (auto const& table : tables) {
      auto columns = columns_of(tx_, table.name, schema_);
      if (!columns.empty()) found_.tables.emplace(table.name, std::move(columns));
    }
  }

  void read_version() {
    auto const rows = tx_.execute("SELECT max(version) FROM " + schema_.qualify("tram_schema"));
    found_.status.version = rows[0].get<std::optional<int>>(0).value_or(0);
    bool const newer = found_.status.version > schema_version;
    newer_ = newer_ || newer;
    behind_ = behind_ || found_.status.version < schema_version;
    if (newer) tell_version("the tables", found_.status.version, schema_version);
  }

  void read_part_versions() {
    auto const rows = tx_.execute("SELECT part, max(version) FROM " +
                                  schema_.qualify("tram_schema_part") + " GROUP BY part");
    for (auto const row : rows)
      found_.versions[row.get<std::string>(0)] = row.get<std::optional<int>>(1).value_or(0);
  }

  void judge(TablePart const& part) {
    int& version = found_.versions[part.name];
    version = std::max(version, first_version(part));
    auto const before = found_.status.findings.size();
    for (auto const& table : part.tables) {
      int const expected = std::max(1, version);
      if (is_there(table) || table.since <= expected) check(table, std::max(expected, table.since));
    }
    if (version > part.version || (version > 0 && version < part.version - 1))
      tell_version("the tables of '" + part.name + "'", version, part.version);
    bool const behind = version < part.version || lacks_optional(part);
    newer_ = newer_ || version > part.version;
    behind_ = behind_ || behind;
    if (found_.status.findings.size() > before) add(found_.status.remedy, part.remedy);
    if (behind) add(upgrade_remedy_, part.remedy);
  }

  /// No version 1 was ever written: a part has it when it has tables of ours.
  [[nodiscard]] int first_version(TablePart const& part) const {
    bool const has_ours = std::ranges::any_of(part.tables, [&](auto const& table) {
      return table.name.starts_with("tram_") && is_there(table);
    });
    auto const there = [&](auto const& table) { return is_there(table); };
    return has_ours || std::ranges::all_of(part.tables, there) ? 1 : 0;
  }

  void check(TableDefinition const& table, int version) {
    auto const name = schema_.qualify(table.name);
    auto const found = found_.tables.find(table.name);
    if (found == found_.tables.end()) {
      missing_ = true;
      found_.status.findings.push_back("table " + name + " is missing");
      return;
    }
    for (auto const& column : needed_columns(table, version)) {
      if (found->second.contains(column) || stands_in_for(column, found->second)) continue;
      foreign_ = true;
      auto& finding = found_.status.findings.emplace_back("table ");
      finding.append(name).append(" has no column '").append(column).append("'");
    }
  }

  [[nodiscard]] bool lacks_optional(TablePart const& part) const {
    return std::ranges::any_of(part.tables, [&](auto const& table) {
      auto const found = found_.tables.find(table.name);
      return found != found_.tables.end() &&
             std::ranges::any_of(table.columns, [&](auto const& column) {
               return column.optional && !found->second.contains(column.name);
             });
    });
  }

  void tell_version(std::string const& whose, int version, int known) {
    found_.status.findings.push_back(whose + " have version " + std::to_string(version) +
                                     ", this program knows " + std::to_string(known));
  }

  static void add(std::string& all, std::string const& remedy) {
    if (all.find(remedy) == std::string::npos) all.append(all.empty() ? "" : "; ").append(remedy);
  }

  [[nodiscard]] State state(bool is_versioned) const {
    if (foreign_) return State::foreign;
    if (newer_) return State::newer;
    if (!is_versioned) return State::absent;
    return missing_ || behind_ ? State::behind : State::current;
  }

  Transaction& tx_;
  SchemaName const& schema_;
  SchemaFound found_{};
  std::string upgrade_remedy_;
  bool missing_{};
  bool foreign_{};
  bool newer_{};
  bool behind_{};
};

}  // namespace

TableDefinition version_table(Dialect const& dialect) {
  ColumnTypeNames const type{dialect.types};
  return {.name = "tram_schema",
          .columns = {{"version", "INTEGER NOT NULL"}, {"installed_at", type.big + " NOT NULL"}}};
}

TableDefinition part_version_table(Dialect const& dialect) {
  ColumnTypeNames const type{dialect.types};
  return {.name = "tram_schema_part",
          .columns = {{"part", type.text + " NOT NULL"},
                      {"version", "INTEGER NOT NULL"},
                      {"installed_at", type.big + " NOT NULL"}}};
}

SchemaFound find_tables(Transaction& tx, SchemaName const& schema, TableParts const& parts) {
  return Search{tx, schema}.find(parts);
}

}  // namespace tram
