#pragma once

#include <array>
#include <string>
#include <string_view>

#include "tram/sql/parameter.hpp"
#include "tram/sql/rows.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// What rides on a transaction besides its deadline, and nothing else does: why it happens.
struct TransactionContext {
  /// The id of the message being handled, empty outside a handler.
  std::string causation_id;
  /// W3C trace context (https://www.w3.org/TR/trace-context/), empty without a trace.
  std::string traceparent;
  std::string tracestate;
};

/// Runs statements in a transaction: the one function that the outbox needs.
///
/// `Transaction` is one; so is every handle adopted from a client the application already uses
/// (`tram/sqlite/adopt.hpp`, `tram/postgres/adopt.hpp`, `tram/sql/function_executor.hpp`).
/// Placeholders are `?` in all of Tram's SQL; `??` is a literal question mark.
///
///     tx.execute("UPDATE orders SET state = ? WHERE id = ?", "paid", id);
///     tx.post("INSERT INTO audit VALUES (?)", id);  // travels with the next statement
class StatementExecutor {
 public:
  virtual ~StatementExecutor() = default;
  /// Runs one statement and waits for its rows. Throws: the errors of the driver; after any of them
  /// the transaction can only be rolled back, unless a savepoint protects it.
  virtual Rows execute_statement(std::string_view sql, Parameters parameters) = 0;
  /// Runs one statement whose rows are not needed. Drivers may send it together with a later one:
  /// an error then comes from that later statement or from the commit.
  virtual void post_statement(std::string_view sql, Parameters parameters);
  /// Why the transaction happens; empty unless it knows. Never waits.
  [[nodiscard]] virtual TransactionContext const& context() const;

  /// The same with the values written out: `execute("SELECT name FROM customer WHERE id = ?", id)`.
  template <class... Values>
  Rows execute(std::string_view sql, Values const&... values) {
    std::array<Parameter, sizeof...(Values)> const parameters{Parameter{values}...};
    return execute_statement(sql, parameters);
  }
  template <class... Values>
  void post(std::string_view sql, Values const&... values) {
    std::array<Parameter, sizeof...(Values)> const parameters{Parameter{values}...};
    post_statement(sql, parameters);
  }
};

}  // namespace tram

#pragma GCC visibility pop
