#pragma once

#include <soci/soci.h>

#include "tram/adapters/detail/soci_backend.hpp"
#include "tram/postgres/adopt.hpp"

#include <soci/postgresql/soci-postgresql.h>

#pragma GCC visibility push(default)

/// Tram in a transaction of SOCI on PostgreSQL; tried with SOCI 4.0. Link `tram::postgres` and
/// SOCI.
namespace tram::soci_postgresql {

/// The transaction that the application has open in its session. It is SOCI's connection itself
/// that Tram runs its statements on, and nothing else: no commit, no rollback, no savepoint, no
/// retry. Borrows the session; use the result while the transaction lasts, on its thread. Never
/// waits. Throws: rejected for a session with another database, and when no transaction is open;
/// the statements throw as those of `tram::postgres::AdoptedTransaction`.
///
///     soci::transaction transaction{session};
///     session << "INSERT INTO orders VALUES (7)";
///     outbox.send(tram::soci_postgresql::adopt(session), "orders", OrderPlaced{7});
///     transaction.commit();
inline postgres::AdoptedTransaction adopt(soci::session& session) {
  auto& backend = detail::soci_backend<soci::postgresql_session_backend>(
      session, "postgresql",
      "PostgreSQL; connect it first, or include tram/adapters/soci_sqlite.hpp");
  return postgres::adopt(backend.conn_);
}

}  // namespace tram::soci_postgresql

#pragma GCC visibility pop
