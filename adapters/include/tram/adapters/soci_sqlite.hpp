#pragma once

#include <soci/soci.h>

#include "tram/adapters/detail/soci_backend.hpp"
#include "tram/sqlite/adopt.hpp"

#include <soci/sqlite3/soci-sqlite3.h>

#pragma GCC visibility push(default)

/// Tram in a transaction of SOCI on SQLite; tried with SOCI 4.0. Link `tram::sqlite` and SOCI.
namespace tram::soci_sqlite {

/// The transaction that the application has open in its session. It is SOCI's connection itself
/// that Tram runs its statements on, and nothing else: no commit, no rollback, no savepoint, no
/// retry. Borrows the session; use the result while the transaction lasts, on its thread. Never
/// waits. Throws: rejected for a session with another database, and when no transaction is open;
/// the statements throw as those of `tram::sqlite::AdoptedTransaction`.
///
///     soci::transaction transaction{session};
///     session << "INSERT INTO orders VALUES (7)";
///     outbox.send(tram::soci_sqlite::adopt(session), "orders", OrderPlaced{7});
///     transaction.commit();
inline sqlite::AdoptedTransaction adopt(soci::session& session) {
  auto& backend = detail::soci_backend<soci::sqlite3_session_backend>(
      session, "sqlite3", "SQLite; connect it first, or include tram/adapters/soci_postgresql.hpp");
  // SOCI includes the client's header in a namespace.
  return sqlite::adopt(reinterpret_cast<::sqlite3*>(backend.conn_));
}

}  // namespace tram::soci_sqlite

#pragma GCC visibility pop
