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
    /// Of a column that a later release added, and can do without: an expression for its value in
    /// rows that are there already. Empty for the others.
    std::string value_in_old_rows{};
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

/// What adds a column to a table that is there.
std::string add_column_statement(TableDefinition const& table,
                                 TableDefinition::Column const& column, SchemaName const& schema);
/// The same, and gives old rows their value.
std::vector<std::string> add_statements(TableDefinition const& table,
                                        TableDefinition::Column const& column,
                                        SchemaName const& schema);

}  // namespace tram
