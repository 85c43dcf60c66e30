#include "tram/schema/schema.hpp"

#include <iterator>
#include <utility>

#include "tram/outbox/outbox_tables.hpp"
#include "tram/relay/relay_tables.hpp"
#include "tram/sql/database.hpp"
#include "tram/subscriber/subscriber_tables.hpp"

namespace tram {

TableParts all_tables(Dialect const& dialect, TableParts further) {
  TableParts parts{outbox_tables(dialect), subscriber_tables(dialect), relay_tables(dialect)};
  parts.insert(parts.end(), std::make_move_iterator(further.begin()),
               std::make_move_iterator(further.end()));
  return parts;
}

void install_schema(Database& database, SchemaName const& schema, TableParts further) {
  install_tables(database, schema, all_tables(database.dialect(), std::move(further)));
}

std::string prepare_schema(Database& database, SchemaName const& schema, TableParts further) {
  return prepare_tables(database, schema, all_tables(database.dialect(), std::move(further)));
}

SchemaStatus schema_status(Database& database, SchemaName const& schema, TableParts further) {
  return tables_status(database, schema, all_tables(database.dialect(), std::move(further)));
}

void require_schema(Database& database, SchemaName const& schema, TableParts further) {
  require_tables(database, schema, all_tables(database.dialect(), std::move(further)));
}

std::string print_schema(Dialect const& dialect, SchemaName const& schema, TableParts further) {
  return print_tables(dialect, schema, all_tables(dialect, std::move(further)));
}

}  // namespace tram
