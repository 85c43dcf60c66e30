#pragma once

#include <string_view>
#include <utility>

#include "tram/base/detail/function.hpp"
#include "tram/sql/statement_executor.hpp"

namespace tram {

/// Adapts any other database client: the function runs one statement in the transaction that the
/// application has open on it. Tram never commits, rolls back or makes savepoints on an adopted
/// transaction.
class FunctionExecutor final : public StatementExecutor {
 public:
  using Function = std::function<Rows(std::string_view sql, Parameters parameters)>;
  explicit FunctionExecutor(Function function) : function_{std::move(function)} {}
  Rows execute_statement(std::string_view sql, Parameters parameters) override {
    return function_(sql, parameters);
  }

 private:
  Function function_;
};

}  // namespace tram
