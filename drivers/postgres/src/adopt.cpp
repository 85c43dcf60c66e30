#include "tram/postgres/adopt.hpp"

#include <string>

#include "faults.hpp"
#include "libpq.hpp"
#include "tram/base/assert.hpp"
#include "tram/base/error.hpp"
#include "tram/sql/dialect.hpp"
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

}  // namespace

AdoptedTransaction::AdoptedTransaction(pg_conn* connection) : connection_{connection} {
  TRAM_ASSERT(connection != nullptr, "a connection to adopt");
  require_open_transaction(connection_);
}

Rows AdoptedTransaction::execute_statement(std::string_view sql, Parameters parameters) {
  require_open_transaction(connection_);
  auto const numbered = number_placeholders(sql);
  TextParameters const texts{sql, parameters};
  Result const result{PQexecParams(connection_, numbered.c_str(), texts.count(), nullptr,
                                   texts.values(), nullptr, nullptr, 0)};
  auto const status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return to_rows(result.get());
  throw statement_error(sql, result.get());
}

}  // namespace tram::postgres
