#include "tram/postgres/foreign_client.hpp"

#include <array>

#include "faults.hpp"
#include "statements.hpp"
#include "tram/postgres/dialect.hpp"
#include "tram/sql/statement_text.hpp"
#include "values.hpp"

namespace tram::postgres {

ForeignStatement foreign_statement(std::string_view sql, Parameters parameters) {
  auto const rules = dialect.lexical_rules;
  require_statement(sql, rules);
  require_values(sql, look_at_statement(sql, rules), parameters.size());
  refuse_transaction_control(sql, rules);
  TextParameters const texts{sql, parameters};
  ForeignStatement statement{.text = number_placeholders(sql, rules), .values = {}};
  statement.values.reserve(parameters.size());
  for (std::size_t place = 0; place < parameters.size(); ++place) {
    auto const value = parameters[place].value();
    auto const* const text = texts.values()[place];
    if (auto const* bytes = std::get_if<BytesView>(&value))
      statement.values.emplace_back("\\x" + hexadecimal({bytes->data, bytes->size}));
    else if (text == nullptr) statement.values.emplace_back(std::nullopt);
    else statement.values.emplace_back(text);
  }
  return statement;
}

Cell foreign_cell(unsigned int type, std::string_view text) { return to_cell(type, text); }

Error foreign_error(std::string_view sql, std::string_view sqlstate, std::string_view message) {
  auto const fault = sqlstate.empty() ? Fault::broken : fault_of(sqlstate);
  return Error{fault, "postgresql: " + excerpt(sql) + " failed: " + plain(message) +
                          (sqlstate.empty() ? "" : " (SQLSTATE " + std::string{sqlstate} + ")") +
                          std::string{remedy_for(sqlstate)}}
      .with_sqlstate(sqlstate);
}

}  // namespace tram::postgres
