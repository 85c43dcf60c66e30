#pragma once

#include <string_view>
#include <utility>

#include "tram/base/detail/function.hpp"
#include "tram/sql/statement_executor.hpp"
#include "tram/sql/statement_text.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Adapts any other database client: the function runs one statement in the transaction that the
/// application has open on it. Tram never commits, rolls back or makes savepoints on an adopted
/// transaction. `number_placeholders` writes its `?` as clients for PostgreSQL want them.
///
///     tram::FunctionExecutor tx{[&](std::string_view sql, tram::Parameters parameters) {
///       return my_client.run(sql, parameters);
///     }};
///     outbox.send(tx, "shipments", message);
class FunctionExecutor final : public StatementExecutor {
 public:
  using Function = std::function<Rows(std::string_view sql, Parameters parameters)>;
  explicit FunctionExecutor(Function function) : function_{std::move(function)} {}
  /// Throws: the errors of the function, and rejected for a text that is empty or holds a NUL.
  Rows execute_statement(std::string_view sql, Parameters parameters) override {
    require_statement(sql);
    return function_(sql, parameters);
  }

 private:
  Function function_;
};

}  // namespace tram

#pragma GCC visibility pop
