#pragma once

#include <string>

#include "tram/base/detail/chrono.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/relay/outbox_retention.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram::postgres {

/// Retention for an outbox that is followed through the log. Rows live for `age` after their
/// creation time, by the server's clock; one without a creation time counts as old. The oldest
/// thousand by primary key are read, so the time it takes does not grow with the table.
///
/// A row carries no position, so two steps find out which rows are published: a mark is set, made
/// of the log's end and the oldest transaction still open; when everything up to the mark's place
/// in the log is confirmed, every row of a transaction older than the mark is published. When the
/// table or the publication changes meanwhile, this begins again: rows that joined the outbox may
/// be older than the mark. `database` must outlive the result.
std::unique_ptr<OutboxRetention> outbox_retention(Database& database, SchemaName const& schema,
                                                  std::chrono::milliseconds age,
                                                  std::string const& table = "message",
                                                  std::string const& publication = "tram");

}  // namespace tram::postgres

#pragma GCC visibility pop
