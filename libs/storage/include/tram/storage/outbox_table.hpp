#pragma once

#include <cstdint>
#include <string>

#include "tram/sql/dialect.hpp"
#include "tram/sql/statement_executor.hpp"

namespace tram {

class Database;

/// Who makes the ids of messages.
enum class IdSource : std::uint8_t {
  /// The service; the id goes into column `id`.
  application,
  /// The database, in column `dbid` (contract: core 1.7).
  database,
};

/// How the outbox table of this database is made. Installations differ, and the INSERT has to
/// follow (contract: core 1.6, 1.7, 1.11).
struct OutboxTable {
  IdSource ids{IdSource::application};
  /// The columns' types as the database names them: `text`, `json`, `jsonb`, `character varying`,
  /// …; a domain over bytea is `bytea`.
  std::string headers_type;
  std::string payload_type;
  friend bool operator==(OutboxTable const&, OutboxTable const&) = default;
};

/// Looks at table `message` of the schema, which must exist also where only tables with a suffix
/// are used. One statement; look once and keep the answer. Faults: those of the transaction, and
/// rejected when the table is not there or lacks a column.
OutboxTable probe_outbox_table(StatementExecutor& tx, Dialect const& dialect,
                               SchemaName const& schema);
/// The same in a transaction of its own.
OutboxTable probe_outbox_table(Database& database, SchemaName const& schema);

}  // namespace tram
