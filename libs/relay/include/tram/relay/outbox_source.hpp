#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/deadline.hpp"
#include "tram/base/detail/chrono.hpp"
#include "tram/base/detail/memory.hpp"
#include "tram/base/finding.hpp"
#include "tram/relay/change_source.hpp"
#include "tram/relay/new_slot.hpp"
#include "tram/relay/outbox_retention.hpp"
#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

namespace tram {

class Database;

/// Which outbox, and how it is followed. Options that a database does not have are ignored.
struct OutboxSourceOptions {
  SchemaName schema{};
  std::string table{"message"};
  /// Where the position is stored beside the outbox (SQLite): relays of one name share it.
  std::string relay{"relay"};
  /// Where the server keeps the position (PostgreSQL).
  std::string slot{"tram"};
  std::string publication{"tram"};
  NewSlot new_slot{NewSlot::for_empty_outbox};
};

/// What the relay's role at the database may do.
struct Privileges {
  /// Whether the version of the tables can be read.
  bool schema_readable{true};
  /// Whether tables that are missing can be made.
  bool may_install{true};
  /// Whether columns can be added to the tables of `tram_…` that are there.
  bool may_alter{true};
  std::vector<Finding> findings{};
};

/// Whether old rows are removed, which needs a privilege and a time in each row.
enum class OutboxRemoval : std::uint8_t { off, on };

/// How the role may use a table.
enum class TableAccess : std::uint8_t { missing, not_writable, writable };

/// A step of taking an outbox over from the Java relay.
enum class TakeoverAction : std::uint8_t { prepare, look, run, finish };

struct TakeoverOptions {
  std::string old_slot{"eventuate_slot"};
  /// How many rows of before are published again.
  std::size_t rows_again{250'000};
};

struct TakeoverOutcome {
  /// The step reached: `waiting for the old relay`.
  std::string step;
  /// What to do now, a sentence.
  std::string next;
};

/// Everything that a database can do for the relay of one outbox. What it gives may outlive it;
/// `database` is that of the same URL and outlives what is made with it. Callable from any thread.
/// Throws: the driver's faults.
///
///     auto const outbox = tram::outbox_of(database);
///     auto const source = outbox->change_source();
///     auto const retention = outbox->retention(database, std::chrono::hours{48});
class OutboxSource {
 public:
  virtual ~OutboxSource() = default;
  /// Follows the outbox.
  [[nodiscard]] virtual std::unique_ptr<ChangeSource> change_source() const = 0;
  /// Removes rows that are older than `age` and published.
  [[nodiscard]] virtual std::unique_ptr<OutboxRetention> retention(
      Database& database, std::chrono::milliseconds age) const = 0;
  /// Where the log ends now, as a position of `change_source`. Everything committed before the call
  /// is published once the relay has confirmed this position. Waits for the database, until the
  /// deadline at most.
  virtual LogPosition log_end(Database& database, Deadline deadline) const = 0;
  /// Whether `change_source` would work. Changes nothing and waits some seconds at most; a
  /// problem is a finding.
  [[nodiscard]] virtual std::vector<Finding> check() const = 0;
  /// Whether the role may do all that the relay does with the tables that are there, but for
  /// reading the outbox. A finding names the GRANT for what it may not.
  virtual Privileges privileges(Database& database, OutboxRemoval removal) const = 0;
  /// Whether the role may read and write a table, given by its qualified name.
  virtual TableAccess table_access(Database& database, std::string const& table) const = 0;
  /// Waits for the server. Throws: rejected for databases whose relay keeps no position in the
  /// server.
  [[nodiscard]] virtual TakeoverOutcome takeover(TakeoverAction action,
                                                 TakeoverOptions const& options) const = 0;
};

/// The outbox in a database, from its driver. Connects to nothing; what it gives may outlive the
/// database. Throws: rejected, when its driver has none (see `OutboxDriver`).
std::unique_ptr<OutboxSource> outbox_of(Database const& database,
                                        OutboxSourceOptions const& options = {});

}  // namespace tram

#pragma GCC visibility pop
