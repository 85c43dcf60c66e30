#include "tram/storage/held_cause.hpp"

#include "tram/sql/statement_executor.hpp"
#include "tram/storage/held_cause_column.hpp"

namespace tram {
namespace {

constexpr std::string_view own_failure{"own_failure"};
constexpr std::string_view key_held{"key_held"};
constexpr std::string_view channel_closed{"channel_closed"};

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

}  // namespace

std::string_view to_string(HeldCause cause) {
  switch (cause) {
    case HeldCause::key_held: return key_held;
    case HeldCause::channel_closed: return channel_closed;
    case HeldCause::own_failure: break;
  }
  return own_failure;
}

HeldCause held_cause(std::string_view text) {
  if (text == key_held) return HeldCause::key_held;
  return text == channel_closed ? HeldCause::channel_closed : HeldCause::own_failure;
}

std::string_view reason_of_0_1(HeldTable table) {
  return table == HeldTable::messages ? "held behind an earlier message of its key"
                                      : "behind an earlier message of its key";
}

std::string cause_of_0_1(HeldTable table) {
  auto const reason = std::string{reason_of_0_1(table)};
  // A message whose payload is no text says so first.
  auto const with_prefix =
      table == HeldTable::messages ? " OR reason LIKE " + quoted("%; " + reason) : "";
  return "CASE WHEN reason = " + quoted(reason) + with_prefix + " THEN " + quoted(key_held) +
         " ELSE " + quoted(own_failure) + " END";
}

HeldCauseColumn::HeldCauseColumn(Dialect const& dialect, SchemaName const& schema, HeldTable table)
    : table_{table},
      name_{schema_in(dialect, schema)
                .qualify(table == HeldTable::messages ? "tram_held_message" : "tram_relay_held")},
      columns_question_{dialect.catalog.columns} {}

bool HeldCauseColumn::is_there(StatementExecutor& tx) const {
  if (*known_) return true;
  auto const columns = tx.execute(columns_question_, name_);
  for (auto const column : columns) {
    if (column.get<std::string>(0) == "cause") *known_ = true;
  }
  return *known_;
}

std::string HeldCauseColumn::expression(StatementExecutor& tx) const {
  auto const by_reason = cause_of_0_1(table_);
  return is_there(tx) ? "coalesce(cause, " + by_reason + ")" : by_reason;
}

}  // namespace tram
