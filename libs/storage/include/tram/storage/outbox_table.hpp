#pragma once

#include <cstdint>
#include <string>

#include "tram/sql/dialect.hpp"
#include "tram/sql/statement_executor.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Database;

/// Who makes the ids of messages.
enum class IdSource : std::uint8_t {
  /// The service; the id goes into column `id`.
  application,
  /// The database, in column `dbid` (contract: core 1.7).
  database,
};

/// The layout of this database's outbox table. Installations differ, and the INSERT has to follow
/// (contract: core 1.6, 1.7, 1.11).
struct OutboxTable {
  IdSource ids{IdSource::application};
  /// The columns' types as the database names them: `text`, `json`, `jsonb`, `character varying`,
  /// …; a domain over bytea is `bytea`.
  std::string headers_type;
  std::string payload_type;
  friend bool operator==(OutboxTable const&, OutboxTable const&) = default;
};

/// Reads the layout of table `message`, which must exist also when only tables with a suffix are
/// used. One statement; call it once and keep the answer. Throws: the errors of the transaction,
/// and rejected when the table is not there or lacks a column.
OutboxTable probe_outbox_table(StatementExecutor& tx, Dialect const& dialect,
                               SchemaName const& schema);
/// The same in a separate transaction.
OutboxTable probe_outbox_table(Database& database, SchemaName const& schema);

}  // namespace tram

#pragma GCC visibility pop
