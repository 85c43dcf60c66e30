#include "tram/sql/statement_executor.hpp"

namespace tram {

void StatementExecutor::post_statement(std::string_view sql, Parameters parameters) {
  execute_statement(sql, parameters);
}

}  // namespace tram
