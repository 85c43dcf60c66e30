#pragma once

#include <cstdint>
#include <string>

#include "tram/base/detail/memory.hpp"
#include "tram/base/random.hpp"
#include "tram/base/time.hpp"
#include "tram/relay/outbox_driver.hpp"
#include "tram/sql/database.hpp"

#pragma GCC visibility push(default)

namespace tram::postgres {

/// How statements reach the server.
enum class Statements : std::uint8_t {
  /// Named prepared statements, parsed and planned once per connection. For direct connections.
  prepared,
  /// Unnamed statements only, and nothing that outlives a transaction: what a pooler in transaction
  /// mode
  /// (pgbouncer) can pass on.
  unnamed,
};

/// How to reach a PostgreSQL database.
struct Config {
  /// A libpq connection string, URI or keywords, handed to libpq as it is: hosts, TLS (`sslmode`,
  /// `sslrootcert`, …), password file, `options`.
  /// https://www.postgresql.org/docs/15/libpq-connect.html
  std::string connection;
  Statements statements = Statements::prepared;
  /// Shown in `pg_stat_activity` unless the connection string names another.
  std::string application_name = "tram";
};

/// Opens connections to one database, for an application with its own pool. Throws: rejected for a
/// connection string that libpq does not understand. `clock` and `random` must outlive the driver;
/// `random` must be callable from any thread.
std::unique_ptr<OutboxDriver> driver(Config const& config, Clock& clock, Random& random);

/// A database with a pool of connections. Connects lazily. Each connection works in pipeline mode:
/// a transaction waits for the server once per `execute` and once at the commit, and everything
/// posted travels with these. Throws: as `driver`. `clock` and `random` must outlive the database;
/// `random` must be callable from any thread.
Database connect(Config const& config, PoolOptions const& options, Clock& clock, Random& random);

}  // namespace tram::postgres

#pragma GCC visibility pop
