#include "tram/sql/statement_executor.hpp"

namespace tram {

void StatementExecutor::post_statement(std::string_view sql, Parameters parameters) {
  execute_statement(sql, parameters);
}

TransactionContext const& StatementExecutor::context() const {
  static TransactionContext const none{};
  return none;
}

}  // namespace tram
