#pragma once

#include <string>
#include <utility>
#include <vector>

#include "schema_search.hpp"

namespace tram {

/// Puts together what leads from the tables that were found to the last version of all parts.
class SchemaInstallation final {
 public:
  SchemaInstallation(Dialect const& dialect, SchemaName const& schema, SchemaFound const& found)
      : dialect_{dialect}, schema_{schema}, found_{found} {}

  /// All of it; empty when nothing is to be done.
  std::vector<std::string> statements(TableParts const& parts);
  /// What upgrades parts that are there; this release works without that.
  std::vector<std::string> additions(TableParts const& parts);

 private:
  void add(std::string statement) { statements_.push_back(std::move(statement)); }
  [[nodiscard]] bool is_there(TableDefinition const& table) const;
  [[nodiscard]] int version_of(TablePart const& part) const;
  [[nodiscard]] std::vector<TableDefinition::Column> missing_columns(
      TableDefinition const& table) const;
  void create(TableDefinition const& table);
  void make(TableDefinition const& table);
  void add_to(TableDefinition const& table);
  void add_column(TableDefinition const& table, TableDefinition::Column const& column);
  void fill(TableDefinition const& table, TableDefinition::Column const& column);
  void upgrade(TablePart const& part);
  void write_version();
  void write_version(TablePart const& part);
  /// Column and expression.
  using Values = std::vector<std::pair<std::string, std::string>>;
  void insert_once(std::string const& name, Values const& values);

  Dialect const& dialect_;
  SchemaName const& schema_;
  SchemaFound const& found_;
  bool has_part_versions_{};
  std::vector<std::string> statements_;
};

}  // namespace tram
