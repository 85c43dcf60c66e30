#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "tram/base/detail/memory.hpp"
#include "tram/sql/dialect.hpp"
#include "tram/sql/statement_executor.hpp"

namespace tram {

/// Why a message or a row is held.
enum class HeldCause : std::uint8_t {
  /// It failed, or was refused, by itself.
  own_failure,
  /// An earlier one of its key is held.
  key_held,
};

/// As column `cause` has it: `own_failure`, `key_held`.
std::string_view to_string(HeldCause cause);
/// Another text counts as `own_failure`, which waits for an operator.
HeldCause held_cause(std::string_view text);

/// The tables whose rows have a cause.
enum class HeldTable : std::uint8_t {
  /// `tram_held_message`, of subscriptions.
  messages,
  /// `tram_relay_held`, of relays.
  relay_rows,
};

/// The reason that release 0.1 wrote in place of the cause `key_held`.
std::string_view reason_of_0_1(HeldTable table);
/// SQL expression: the cause of a row that release 0.1 wrote, by its reason.
std::string cause_of_0_1(HeldTable table);

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
