#pragma once

#include <string_view>

#include "tram/sql/statement_executor.hpp"

#pragma GCC visibility push(default)

struct pg_conn;  // libpq's PGconn

namespace tram::postgres {

/// A transaction that the application has open on its own libpq connection. Tram runs statements in
/// it and nothing else: no commit, no rollback, no savepoint, no retry. Borrows the connection; use
/// it while that transaction lasts, on the thread that owns the connection. Statements wait as long
/// as libpq does: the deadline is the application's.
///
///     PQclear(PQexec(connection, "BEGIN"));
///     auto tx = tram::postgres::adopt(connection);
///     outbox.send(tx, "shipments", message);
///     PQclear(PQexec(connection, "COMMIT"));
class AdoptedTransaction final : public StatementExecutor {
 public:
  explicit AdoptedTransaction(pg_conn* connection);
  /// Throws: the errors of the driver, and rejected when no transaction is open, when it has failed
  /// already, when the connection is in pipeline mode or busy, and for letters beyond ASCII when
  /// its client_encoding is not UTF8.
  Rows execute_statement(std::string_view sql, Parameters parameters) override;

 private:
  pg_conn* connection_;
};

/// `outbox.send(tram::postgres::adopt(connection), …)`. Throws: rejected as above, checked at once.
inline AdoptedTransaction adopt(pg_conn* connection) { return AdoptedTransaction{connection}; }

}  // namespace tram::postgres

#pragma GCC visibility pop
