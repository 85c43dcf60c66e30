#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tram/base/detail/function.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/storage/table_part.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Database;
class StatementExecutor;
class Transaction;

// Tram's tables, in parts: each module brings its own. The Java platform's tables (`message`,
// `received_messages`, `cdc_monitoring`, `offset_store`; contract: core 1.2–1.4) are created where
// they are missing, probed by their columns where they are not, and never altered. Ours are named
// `tram_*`. `tram/schema/schema.hpp` has these functions for the tables of outbox, subscriber and
// relay together.

/// The version in `tram_schema`, which every release reads and which a newer release increments
/// when this one can no longer work beside it. Running against one version behind is legal.
/// Versions of parts above 1 are in `tram_schema_part`.
inline constexpr int schema_version = 1;

/// What a database has of the parts that were asked for.
struct SchemaStatus {
  enum class State : std::uint8_t { absent, behind, current, newer, foreign };
  State state{State::absent};
  /// Version found; 0 when absent.
  int version{};
  /// One line per table or column that is missing or not as expected, and per part with a version
  /// that this build cannot use.
  std::vector<std::string> findings;
  /// Statements that upgrade tables of the release before. This one works without them.
  std::vector<std::string> additions;
  /// What to do about the findings or, without any, about the additions: the remedies of parts.
  std::string remedy;
};

/// Creates missing tables and upgrades older ones with their rows, in one transaction where the
/// database can; idempotent, and safe when several processes start at once. Throws: rejected when
/// the tables are newer than this build or a table of that name has other columns.
void install_tables(Database& database, SchemaName const& schema, TableParts const& parts);

/// Makes further tables, in a transaction that no other process makes tables in: `CREATE TABLE IF
/// NOT EXISTS` of two at a time fails on PostgreSQL. Throws: what `make` throws.
void make_tables(Database& database, std::function<void(Transaction&)> const& make);

/// What a program does at its start: as `install_tables`, but when only additions are missing and
/// cannot be made (the role does not own the tables), it is done. Returns what was not done and
/// what to do, or an empty text.
[[nodiscard]] std::string prepare_tables(Database& database, SchemaName const& schema,
                                         TableParts const& parts);

/// What to do about `SchemaStatus::additions`; empty without any.
std::string additions_text(SchemaStatus const& status);

/// Reads the status and changes nothing.
SchemaStatus tables_status(Database& database, SchemaName const& schema, TableParts const& parts);

/// Throws `Error{rejected}` with the remedy (`run "tram schema install"`) unless the tables are
/// there and this build may write to them. Each part may be one version behind.
void require_tables(Database& database, SchemaName const& schema, TableParts const& parts);

/// The database has a schema of exactly this name, with capitals, which Tram never reaches: its SQL
/// writes names without quotes, as the Java platform does (contract: core 1.9), and the server
/// reads them in lower case. One statement; false where the dialect knows no such question.
bool is_hidden_by_capitals(StatementExecutor& tx, Dialect const& dialect, SchemaName const& schema);
/// What to do then.
std::string capitals_remedy(SchemaName const& schema);

/// The statements of a fresh installation, for people who apply schemas by other means.
std::string print_tables(Dialect const& dialect, SchemaName const& schema, TableParts const& parts);

}  // namespace tram

#pragma GCC visibility pop
