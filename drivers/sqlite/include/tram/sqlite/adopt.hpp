#pragma once

#include <string_view>

#include "tram/sql/statement_executor.hpp"

#pragma GCC visibility push(default)

struct sqlite3;

namespace tram::sqlite {

/// A transaction that the application has open on its own SQLite connection. Tram runs statements
/// in it and nothing else: no commit, no rollback, no savepoint, no retry. Borrows the connection;
/// use it while that transaction lasts, on the thread that owns the connection. How long a
/// statement waits for locks is the application's choice
/// (`sqlite3_busy_timeout`).
///
///     sqlite3_exec(connection, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
///     auto tx = tram::sqlite::adopt(connection);
///     outbox.send(tx, "shipments", message);
///     sqlite3_exec(connection, "COMMIT", nullptr, nullptr, nullptr);
class AdoptedTransaction final : public StatementExecutor {
 public:
  explicit AdoptedTransaction(sqlite3* connection);
  /// Throws: the errors of the driver, and rejected when no transaction is open.
  Rows execute_statement(std::string_view sql, Parameters parameters) override;

 private:
  sqlite3* connection_;
};

/// `outbox.send(tram::sqlite::adopt(connection), …)`. Throws: rejected as above, checked at once.
inline AdoptedTransaction adopt(sqlite3* connection) { return AdoptedTransaction{connection}; }

}  // namespace tram::sqlite

#pragma GCC visibility pop
