#pragma once

#include <string>
#include <vector>

#include "tram/sql/dialect.hpp"

namespace tram {

/// One table of the schema, as values.
struct TableDefinition {
  struct Column {
    std::string name;
    /// With everything that belongs to it: `TEXT NOT NULL`.
    std::string definition;
  };
  std::string name;
  std::vector<Column> columns;
  /// `PRIMARY KEY (a, b)`, `UNIQUE (c)`; empty for none.
  std::vector<std::string> constraints{};
  /// Columns of further indexes: `relay, id`.
  std::vector<std::string> indexes{};
  /// The Java platform's: where it is made otherwise, only these columns have to be there.
  std::vector<std::string> needed_columns{};
};

/// All tables, in the order in which they are made.
std::vector<TableDefinition> schema_tables(Dialect const& dialect);

/// What creates the table and its indexes where they are missing.
std::vector<std::string> create_statements(TableDefinition const& table, SchemaName const& schema);

}  // namespace tram
