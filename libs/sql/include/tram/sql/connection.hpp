#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tram/base/deadline.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/sql/parameter.hpp"
#include "tram/sql/rows.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// How a transaction uses the database. SQLite takes its write lock at the start of a writing
/// transaction, so that no transaction fails half-way because another one wrote first.
enum class Access : std::uint8_t {
  read_write,
  /// A statement that could write is rejected.
  read_only,
  /// Read-write, and the caller can detect later whether it committed (inbox row). After a lost
  /// commit reply the driver throws `in_doubt` at once instead of asking the server.
  marked_write,
};

/// The driver's side of the database seam: one physical connection, one owner, no locks inside.
///
/// Every sentence here is a test of the contract suite. A call that returns an `Error` leaves the
/// transaction fit for `reset` only (or for rolling back to a savepoint, except after `broken`).
///
///     connection.begin(tram::Access::read_write, deadline);
///     connection.execute("DELETE FROM shipments WHERE id = ?", parameters, deadline);
///     connection.commit(deadline);
class Connection {
 public:
  virtual ~Connection() = default;
  /// Opens a transaction; drivers may send this with the first statement. Throws: transient,
  /// broken, conflict (busy).
  virtual void begin(Access access, Deadline deadline) = 0;
  /// Runs one statement and waits for it. Throws: conflict (deadlock, serialization, busy),
  /// transient (disk full, out of connections), broken, rejected (constraint, syntax, unknown
  /// table, a text that is empty or holds a NUL), malformed.
  virtual Rows execute(std::string_view sql, Parameters parameters, Deadline deadline) = 0;
  /// Queues one statement whose rows are not needed; its error comes from this call, a later
  /// `execute` or `commit`.
  virtual void post(std::string_view sql, Parameters parameters, Deadline deadline) = 0;
  /// Commits. When this returns, the transaction is durable. Throws: all of `execute`, and in_doubt
  /// when it cannot be known whether the commit happened.
  virtual void commit(Deadline deadline) = 0;
  /// Rolls back the open transaction; true when the connection may be used again.
  virtual bool reset() noexcept = 0;
};

/// Opens connections to one database.
///
///     auto const connection = driver.connect(tram::Deadline::after(clock,
///     std::chrono::seconds{5}));
class DatabaseDriver {
 public:
  virtual ~DatabaseDriver() = default;
  /// Callable from several threads. Throws: transient (server not there yet), rejected (wrong
  /// password, no such database, a file that is no database).
  virtual std::unique_ptr<Connection> connect(Deadline deadline) = 0;
  [[nodiscard]] virtual Dialect const& dialect() const = 0;
  /// Names the database in messages, without secrets: `sqlite '/data/orders.db'`.
  [[nodiscard]] virtual std::string name() const = 0;
};

}  // namespace tram

#pragma GCC visibility pop
