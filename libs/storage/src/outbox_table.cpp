#include "tram/storage/outbox_table.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string_view>

#include "tram/base/error.hpp"
#include "tram/sql/connection.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/transaction.hpp"
#include "tram/storage/schema.hpp"

namespace tram {

OutboxTable probe_outbox_table(StatementExecutor& tx, Dialect const& dialect,
                               SchemaName const& schema) {
  auto const table = schema_in(dialect, schema).qualify("message");
  auto const columns = tx.execute(dialect.catalog.column_types, table);
  if (columns.empty() && is_hidden_by_capitals(tx, dialect, schema))
    throw Error{Fault::rejected, "sql: table " + table + ": " + capitals_remedy(schema)};
  if (columns.empty()) {
    throw Error{Fault::rejected, "sql: table " + table +
                                     " does not exist; create the tables (\"tram schema install\") "
                                     "or correct the schema's name"};
  }
  auto const type_of = [&](std::string_view wanted) -> std::optional<std::string> {
    for (auto const row : columns) {
      auto name = row.get<std::string>(0);
      std::transform(name.begin(), name.end(), name.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (name == wanted) return row.get<std::string>(1);
    }
    return std::nullopt;
  };
  auto const headers = type_of("headers");
  auto const payload = type_of("payload");
  if (!headers || !payload) {
    throw Error{Fault::rejected, "sql: table " + table + " has no column '" +
                                     (headers ? "payload" : "headers") +
                                     "', so it is no outbox; correct the schema's name"};
  }
  return {.ids = type_of("dbid") ? IdSource::database : IdSource::application,
          .headers_type = *headers,
          .payload_type = *payload};
}

OutboxTable probe_outbox_table(Database& database, SchemaName const& schema) {
  return database.transact({.access = Access::read_only}, [&](Transaction& tx) {
    return probe_outbox_table(tx, tx.dialect(), schema);
  });
}

}  // namespace tram
