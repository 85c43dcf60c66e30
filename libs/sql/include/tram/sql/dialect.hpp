#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tram {

enum class DatabaseKind : std::uint8_t { sqlite, postgres, mysql };

std::string_view to_string(DatabaseKind kind) noexcept;

/// Where one database's SQL differs from another's, as values.
struct Dialect {
  DatabaseKind kind{DatabaseKind::sqlite};
  /// Expression for now in epoch milliseconds (contract: core 1.11).
  std::string_view now_milliseconds;
  /// `FOR UPDATE` where rows can be locked, empty where the whole database is.
  std::string_view for_update;
};

/// The dialects themselves; adopted transactions need them without a driver.
Dialect const& sqlite_dialect();
Dialect const& postgres_dialect();
Dialect const& mysql_dialect();

/// An INSERT that does nothing when the row is there already: `insert_or_ignore(d, "INTO t (a)
/// VALUES (?)")`. The caller tells the two cases apart by the number of affected rows; a duplicate
/// is never an error.
std::string insert_or_ignore(Dialect const& dialect, std::string_view into);

/// The schema of Tram's tables (contract: core 1.9): empty means `eventuate`, `none` means
/// unqualified.
///
///     tram::SchemaName{}.qualify("message");  // eventuate.message
class SchemaName {
 public:
  /// `Error{rejected}` for a name with other characters than letters, digits, `_` and `$`.
  explicit SchemaName(std::string_view configured = {});
  static SchemaName none() { return SchemaName{"none"}; }
  /// `message` → `eventuate.message`, or `message` for `none`.
  [[nodiscard]] std::string qualify(std::string_view table) const;
  /// `eventuate`, or empty for `none`.
  [[nodiscard]] std::string const& name() const { return name_; }

 private:
  std::string name_;
};

/// The schema as the database has it: SQLite has none, whatever is configured.
SchemaName schema_in(Dialect const& dialect, SchemaName const& schema);

}  // namespace tram
