#include "tram/sql/dialect.hpp"

#include <algorithm>

#include "tram/base/error.hpp"

namespace tram {
namespace {

bool is_name_part(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::string_view to_string(DatabaseKind kind) noexcept {
  switch (kind) {
    case DatabaseKind::sqlite: return "sqlite";
    case DatabaseKind::postgres: return "postgres";
    case DatabaseKind::mysql: return "mysql";
  }
  return "unknown";
}

Dialect const& sqlite_dialect() {
  static constexpr Dialect dialect{
      .kind = DatabaseKind::sqlite,
      .now_milliseconds = "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)",
      .for_update = ""};
  return dialect;
}

Dialect const& postgres_dialect() {
  static constexpr Dialect dialect{
      .kind = DatabaseKind::postgres,
      .now_milliseconds = "(ROUND(EXTRACT(EPOCH FROM CURRENT_TIMESTAMP) * 1000))",
      .for_update = "FOR UPDATE"};
  return dialect;
}

Dialect const& mysql_dialect() {
  static constexpr Dialect dialect{.kind = DatabaseKind::mysql,
                                   .now_milliseconds = "ROUND(UNIX_TIMESTAMP(CURTIME(4)) * 1000)",
                                   .for_update = "FOR UPDATE"};
  return dialect;
}

std::string insert_or_ignore(Dialect const& dialect, std::string_view into) {
  // Not SQLite's INSERT OR IGNORE: that passes over a NULL in a column that must have a value, too.
  if (dialect.kind == DatabaseKind::mysql) return "INSERT IGNORE " + std::string{into};
  return "INSERT " + std::string{into} + " ON CONFLICT DO NOTHING";
}

SchemaName::SchemaName(std::string_view configured) {
  if (configured == "none") return;
  name_ = configured.empty() ? "eventuate" : configured;
  if (std::all_of(name_.begin(), name_.end(), [](char c) { return is_name_part(c) || c == '$'; }))
    return;
  throw Error{Fault::rejected, "sql: '" + name_ +
                                   "' cannot be a schema name; use letters, digits, '_' and '$', "
                                   "or 'none' for unqualified tables"};
}

std::string SchemaName::qualify(std::string_view table) const {
  return name_.empty() ? std::string{table} : name_ + "." + std::string{table};
}

SchemaName schema_in(Dialect const& dialect, SchemaName const& schema) {
  return dialect.kind == DatabaseKind::sqlite ? SchemaName::none() : schema;
}

}  // namespace tram
