#pragma once

#include <string>
#include <vector>

#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// One table, as values.
struct TableDefinition {
  struct Column {
    std::string name;
    /// With everything that belongs to it: `TEXT NOT NULL`. A column that is added to a table with
    /// rows allows NULL, or has a default.
    std::string definition;
    /// The version of the part that added it.
    int since{1};
    /// An expression for its value in rows that are older than the column. Empty: NULL or the
    /// default.
    std::string value_in_old_rows{};
    /// This release and the one before work without it, so it does not change the version.
    bool optional{};
  };
  struct Index {
    /// `relay, id`.
    std::string columns;
    /// Empty: made of the table's name.
    std::string name{};
  };
  std::string name;
  std::vector<Column> columns;
  /// `PRIMARY KEY (a, b)`, `UNIQUE (c)`; empty for none.
  std::vector<std::string> constraints{};
  std::vector<Index> indexes{};
  /// Of a table of the Java platform: if it was made elsewhere, only these columns must exist.
  std::vector<std::string> needed_columns{};
  /// The version of the part that added it.
  int since{1};
};

/// What leads a part to a version, beside its new tables and columns.
struct TableUpgrade {
  /// The first upgrade leads to 2.
  int version{};
  /// Run in this order after the tables and columns are made: `UPDATE {tram_held_message} SET …`. A
  /// table's name in braces becomes its qualified name. They may run twice where a database commits
  /// each change of a table by itself, so twice must be as good as once.
  std::vector<std::string> statements{};
};

/// The tables of one module, with a version. The module exports a function that makes it:
///
///     TablePart subscriber_tables(Dialect const& dialect);
///
/// Tables of the Java platform are created where they are missing and never altered; only tables
/// named `tram_*` get columns.
struct TablePart {
  /// Names its versions in `tram_schema_part`; never changes.
  std::string name;
  /// As they are at the last version, in the order in which they are made.
  std::vector<TableDefinition> tables;
  /// The last version, which this build writes.
  int version{1};
  /// By ascending version; those that are needed.
  std::vector<TableUpgrade> upgrades{};
  /// What to do where the tables are missing, for messages.
  std::string remedy{"set ServiceOptions::install_schema, or call install_schema with its parts"};
};
using TableParts = std::vector<TablePart>;

/// The remedy of the parts that the program `tram` knows.
inline constexpr char const* schema_install_remedy = "run \"tram schema install\"";

/// The names of column types, as texts that can be added to.
struct ColumnTypeNames {
  explicit ColumnTypeNames(ColumnTypes const& types)
      : name{types.name},
        text{types.text},
        big{types.big},
        small{types.small},
        counter{types.counter} {}
  std::string name;
  std::string text;
  std::string big;
  std::string small;
  std::string counter;
};

/// Throws: rejected, naming the part, for a name that is empty, taken, or has other characters than
/// `a-z`, `0-9`, `_` and `-`, and for tables, columns or upgrades of a later version than the part.
void require_usable(TableParts const& parts);

/// What creates the table and its indexes where they are missing.
std::vector<std::string> create_statements(TableDefinition const& table, SchemaName const& schema);

}  // namespace tram

#pragma GCC visibility pop
