#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/detail/function.hpp"
#include "tram/sql/dialect.hpp"

namespace tram {

class Database;
class StatementExecutor;
class Transaction;

/// Tram's tables. The Java platform's tables (`message`, `received_messages`, `cdc_monitoring`,
/// `offset_store`; contract: core 1.2–1.4) are created where they are missing, probed by their
/// columns where they are not, and never altered. Ours are named `tram_*` and carry a version row
/// in `tram_schema`.

/// The version of the `tram_*` tables that this build writes. Running against one version behind is
/// legal. Columns that both this release and the one before can do without do not change it.
inline constexpr int schema_version = 1;

/// What a database has of the schema.
struct SchemaStatus {
  enum class State : std::uint8_t { absent, behind, current, newer, foreign };
  State state{State::absent};
  /// Version found; 0 when absent.
  int version{};
  /// One line per table or column that is missing or not as expected.
  std::vector<std::string> findings;
  /// Statements that add columns which the release before did not have. This one works without
  /// them.
  std::vector<std::string> additions;
};

/// Creates missing tables and migrates older ones, in one transaction where the database can;
/// idempotent, and safe when several processes start at once. Throws: rejected when the schema is
/// newer than this build or a table of that name has other columns.
void install_schema(Database& database, SchemaName const& schema);

/// Makes further tables, in a transaction that no other process makes tables in: `CREATE TABLE IF
/// NOT EXISTS` of two at a time fails on PostgreSQL. Throws: what `make` throws.
void make_tables(Database& database, std::function<void(Transaction&)> const& make);

/// What a program does at its start: as `install_schema`, but when only additions are missing and
/// cannot be made (the role does not own the tables), it is done. Returns what was not done and
/// what to do, or an empty text.
[[nodiscard]] std::string prepare_schema(Database& database, SchemaName const& schema);

/// What to do about `SchemaStatus::additions`; empty without any.
std::string additions_text(SchemaStatus const& status);

/// Reads the status and changes nothing.
SchemaStatus schema_status(Database& database, SchemaName const& schema);

/// Throws `Error{rejected}` with the remedy (`run "tram schema install"`) unless the schema is
/// there and this build may write to it. Called at start-up by everything that uses the tables.
void require_schema(Database& database, SchemaName const& schema);

/// The database has a schema of exactly this name, with capitals, which Tram never reaches: its SQL
/// writes names without quotes, as the Java platform does (contract: core 1.9), and the server
/// reads them in lower case. One statement; false where the dialect knows no such question.
bool is_hidden_by_capitals(StatementExecutor& tx, Dialect const& dialect, SchemaName const& schema);
/// What to do then.
std::string capitals_remedy(SchemaName const& schema);

/// The statements of a fresh installation, for people who apply schemas by other means.
std::string print_schema(Dialect const& dialect, SchemaName const& schema);

}  // namespace tram
