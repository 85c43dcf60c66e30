#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lsn.hpp"
#include "tram/postgres/change_source.hpp"

namespace tram::postgres {

/// A value and a name as SQL has them, whatever they contain.
std::string sql_text(std::string const& text);
std::string sql_name(std::string const& name);

/// What blanks separate.
std::vector<std::string> words(std::string const& text);

/// What the catalog says about the outbox and about what shows it in the log, at one moment.
///
/// The marks are built of the catalog's own row versions (`xmin`), so a change that was undone
/// before the next look is noticed, too.
struct OutboxLook {
  bool table_exists{};
  /// As the catalog has them.
  std::string schema;
  std::string table;
  /// The table's number in the catalog.
  std::string root;
  /// It is one that a log can show, with the columns that it needs.
  bool table_is_fit{};
  bool publication_exists{};
  /// Why the log would not show every row with all its columns, and what to do; empty when it does.
  std::string trouble;
  /// Those of the columns that matter.
  std::vector<std::string> columns;

  /// Changes with the publication and the columns.
  std::string publication_mark;
  /// The table, and its partitions and heirs: number in the catalog, and what changes with it.
  std::map<std::string, std::string> tables;

  /// A transaction that is changing something of the above and what, empty where none is. It may be
  /// in the log already, so the log's end of this look proves nothing.
  std::string changing;

  /// No transaction with a smaller number is shown by the slot any more, and every one with an
  /// equal or larger number that the slot has passed is a recent one (its catalog_xmin). Empty
  /// without a slot.
  std::string horizon;
  /// Something of the above changed at or behind the horizon.
  bool changed_behind_horizon{};
  /// Tables that became part of the outbox behind the horizon.
  std::vector<std::string> joined_behind_horizon;

  /// Tables with the outbox's columns that left another one behind the horizon: the number, and the
  /// transaction in which they did.
  std::map<std::string, std::string> left;

  /// Where the log ended.
  Lsn log_end{};
  /// Bytes between the slot's position and that; nothing without a slot.
  std::optional<std::uint64_t> kept_bytes;
  /// The slot's state, as `pg_replication_slots` has it.
  std::string wal_status;

  /// `"schema"."table"`.
  [[nodiscard]] std::string name() const { return sql_name(schema) + "." + sql_name(table); }
  [[nodiscard]] bool has(std::string_view column) const;
};

/// Goes before questions to the catalog, in the same transaction or for the session. The server
/// would compile them each time, for seconds, where it has some thousand tables.
inline constexpr std::string_view uncompiled{"SET jit = off"};
inline constexpr std::string_view uncompiled_here{"SET LOCAL jit = off"};

/// One statement without parameters; it returns one row, all columns text. `horizon` is a
/// transaction's number in place of the slot's.
std::string outbox_question(ChangeSourceConfig const& config, std::string const& horizon = "");
/// The row that it returned. `Error{malformed}` for anything else.
OutboxLook outbox_look(ChangeSourceConfig const& config,
                       std::vector<std::optional<std::string>> const& row);

/// What makes a publication that shows the whole of it.
std::string create_publication_statement(ChangeSourceConfig const& config,
                                         OutboxLook const& outbox);
/// A table that is no part of the outbox any more.
struct FormerTable {
  /// As SQL has it.
  std::string name;
  /// Those of the outbox's columns that it has.
  std::vector<std::string> columns;
  /// Whether all its rows are meant, or those of the last transactions.
  bool whole{};
};

/// Returns a row when the outbox, or a table that left it, holds rows that are not marked as
/// published.
std::string any_unpublished_row(OutboxLook const& outbox);
std::string any_unpublished_row(FormerTable const& table);
/// How an operator has a change of the outbox ended that is on its way, for messages.
inline constexpr std::string_view end_the_change{
    "bring back the synchronous standby that it waits for, or end it (SELECT "
    "pg_terminate_backend(…), ROLLBACK PREPARED …)"};
/// How an operator has the rows of the table published, for messages.
inline constexpr std::string_view publish_existing_rows{
    "--new-slot publish_existing_rows, which publishes the rows of the table and then the log"};

/// What may not have been shown between two looks, or since a slot's horizon.
struct Gap {
  /// Rows of transactions from this number on, in every table …
  std::string from_transaction;
  /// … and all rows of these tables.
  std::vector<std::string> whole_tables;
  std::vector<FormerTable> former_tables{};
};

/// Between `before` and `now`; nothing when nothing changed.
std::optional<Gap> gap_between(OutboxLook const& before, OutboxLook const& now);
/// Since the slot's position, for somebody who did not look before.
std::optional<Gap> gap_behind_horizon(OutboxLook const& now);

}  // namespace tram::postgres
