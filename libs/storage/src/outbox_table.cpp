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
namespace {

/// A domain over bytea counts as what it is made of: text is not cast to it, but encoded.
constexpr std::string_view postgres_columns{
    "SELECT a.attname::text, CASE WHEN (WITH RECURSIVE chain(type) AS (SELECT a.atttypid UNION ALL "
    "SELECT t.typbasetype FROM chain c JOIN pg_catalog.pg_type t ON t.oid = c.type WHERE "
    "t.typtype = 'd') SELECT bool_or(type = 'bytea'::regtype) FROM chain) THEN 'bytea' ELSE "
    "format_type(a.atttypid, NULL) END FROM pg_catalog.pg_attribute a WHERE a.attrelid = "
    "to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped"};

Rows columns_of(StatementExecutor& tx, Dialect const& dialect, SchemaName const& schema) {
  switch (dialect.kind) {
    case DatabaseKind::sqlite:
      return tx.execute("SELECT name, lower(type) FROM pragma_table_info('message')");
    case DatabaseKind::postgres: return tx.execute(postgres_columns, schema.qualify("message"));
    case DatabaseKind::mysql:
      return tx.execute("SELECT column_name, data_type FROM information_schema.columns "
                        "WHERE table_schema = coalesce(?, database()) AND table_name = 'message'",
                        schema.name().empty() ? std::nullopt : std::optional{schema.name()});
  }
  return {};
}

}  // namespace

OutboxTable probe_outbox_table(StatementExecutor& tx, Dialect const& dialect,
                               SchemaName const& schema) {
  auto const columns = columns_of(tx, dialect, schema);
  auto const table = dialect.kind == DatabaseKind::sqlite ? "message" : schema.qualify("message");
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
