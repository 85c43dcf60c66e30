#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tram/storage/schema.hpp"
#include "tram/storage/table_part.hpp"

namespace tram {

class Transaction;

/// `tram_schema`. The last one made, so that a version stands only above a whole schema.
TableDefinition version_table(Dialect const& dialect);
/// `tram_schema_part`. Made when a part first has a version above 1.
TableDefinition part_version_table(Dialect const& dialect);

/// What a database has of some parts.
struct SchemaFound {
  /// Without its additions.
  SchemaStatus status{};
  /// The columns of each table that is there.
  std::map<std::string, std::set<std::string>> tables{};
  /// The version of each part; 0 for one that is not there.
  std::map<std::string, int> versions{};
  /// Nothing is missing but what this release can do without.
  bool usable{};
};

SchemaFound find_tables(Transaction& tx, SchemaName const& schema, TableParts const& parts);

}  // namespace tram
