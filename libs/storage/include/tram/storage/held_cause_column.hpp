#pragma once

#include <atomic>
#include <string>

#include "tram/base/detail/memory.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/storage/held_cause.hpp"

#pragma GCC visibility push(default)

namespace tram {

class StatementExecutor;

/// Column `cause` of such a table. Tables of release 0.1 lack it until they are upgraded, and
/// release 0.1 leaves it NULL. Callable from any thread; copies are of one table.
///
///     tram::HeldCauseColumn const cause{dialect, schema, tram::HeldTable::relay_rows};
///     auto const rows = tx.execute("SELECT " + cause.expression(tx) + " FROM tram_relay_held");
class HeldCauseColumn final {
 public:
  HeldCauseColumn(Dialect const& dialect, SchemaName const& schema, HeldTable table);

  /// Whether the table has it. Asks the database until it has. Throws: the errors of `tx`.
  bool is_there(StatementExecutor& tx) const;
  /// SQL expression: the cause of a row, whatever release wrote it. Throws: as `is_there`.
  std::string expression(StatementExecutor& tx) const;
  /// Asks again: after an error the table may be another one, from a backup.
  void forget() const { *known_ = false; }

 private:
  HeldTable table_;
  std::string name_;
  std::string columns_question_;
  // Copies learn from each other.
  std::shared_ptr<std::atomic<bool>> known_{std::make_shared<std::atomic<bool>>(false)};
};

}  // namespace tram

#pragma GCC visibility pop
