#include "tram/postgres/adopt.hpp"

#include <algorithm>
#include <string>
#include <variant>

#include "faults.hpp"
#include "libpq.hpp"
#include "session.hpp"
#include "statements.hpp"
#include "tram/base/error.hpp"
#include "tram/sql/statement_text.hpp"
#include "values.hpp"

namespace tram::postgres {
namespace {

[[noreturn]] void refuse(Fault fault, std::string const& why) {
  throw Error{fault, "postgresql: the adopted connection cannot be used: " + why};
}

void require_open_transaction(PGconn* connection) {
  if (PQpipelineStatus(connection) != PQ_PIPELINE_OFF) {
    refuse(Fault::rejected,
           "it is in pipeline mode; leave it (PQexitPipelineMode) before handing it over");
  }
  switch (PQtransactionStatus(connection)) {
    case PQTRANS_INTRANS: return;
    case PQTRANS_IDLE: refuse(Fault::rejected, "no transaction is open on it; run BEGIN first");
    case PQTRANS_INERROR:
      refuse(Fault::rejected, "its transaction has failed; roll it back and start again");
    case PQTRANS_ACTIVE:
      refuse(Fault::rejected, "a statement is still running on it; read its results first");
    case PQTRANS_UNKNOWN: break;
  }
  refuse(Fault::broken, "it is not connected");
}

[[noreturn]] void refuse_statement(std::string_view sql, std::string const& why) {
  throw Error{Fault::rejected, "postgresql: " + excerpt(sql) + " is refused: " + why};
}

/// The connection is the application's, and is to be of use to it.
[[noreturn]] void leave_copy(std::string_view sql, PGconn* connection) {
  PQputCopyEnd(connection, "refused");
  Buffer bytes;
  do {
    char* more = nullptr;
    PQgetCopyData(connection, &more, 0);
    bytes.reset(more);
  } while (bytes);
  while (Result const result{PQgetResult(connection)}) {}
  refuse_statement(sql, "COPY from or to the client is no statement with rows");
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// What Tram writes is UTF-8; where the connection speaks otherwise, the server would store other
/// letters.
void require_encoding(std::string_view sql, Parameters parameters, PGconn* connection) {
  char const* const told = PQparameterStatus(connection, "client_encoding");
  std::string const encoding = told == nullptr ? "UTF8" : told;
  bool const is_plain =
      is_ascii(sql) && std::all_of(parameters.begin(), parameters.end(), [](auto const& each) {
        auto const value = each.value();
        auto const* text = std::get_if<std::string_view>(&value);
        return text == nullptr || is_ascii(*text);
      });
  if (is_plain || encoding == "UTF8" || encoding == "SQL_ASCII") return;
  refuse_statement(sql, "the connection's client_encoding is " + encoding +
                            ", and the statement holds letters in UTF-8; run SET client_encoding "
                            "= 'UTF8' on it first");
}

void require_still_open(std::string_view sql, PGconn* connection) {
  if (PQtransactionStatus(connection) == PQTRANS_INTRANS) return;
  refuse_statement(sql, "it has ended the application's transaction");
}

}  // namespace

AdoptedTransaction::AdoptedTransaction(pg_conn* connection) : connection_{connection} {
  if (connection == nullptr) refuse(Fault::rejected, "it is a null pointer; open it first");
  require_open_transaction(connection_);
}

Rows AdoptedTransaction::execute_statement(std::string_view sql, Parameters parameters) {
  require_open_transaction(connection_);
  auto const rules = lexical_rules(connection_);
  require_values(sql, look_at_statement(sql, rules), parameters.size());
  refuse_transaction_control(sql, rules);
  require_encoding(sql, parameters, connection_);
  auto const numbered = number_placeholders(sql, rules);
  TextParameters const texts{sql, parameters};
  Result const result{PQexecParams(connection_, numbered.c_str(), texts.count(), nullptr,
                                   texts.values(), texts.lengths(), texts.formats(), 0)};
  switch (PQresultStatus(result.get())) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK: break;
    case PGRES_EMPTY_QUERY: refuse_statement(sql, "it is no statement");
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT: leave_copy(sql, connection_);
    default: throw statement_error(sql, result.get(), connection_);
  }
  require_still_open(sql, connection_);
  return to_rows(excerpt(sql), result.get());
}

}  // namespace tram::postgres
