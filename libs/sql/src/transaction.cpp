#include "tram/sql/transaction.hpp"

#include <string>
#include <utility>

#include "tram/base/assert.hpp"
#include "tram/base/error.hpp"

namespace tram {
namespace {

std::string name_of(int depth) { return "tram_" + std::to_string(depth); }

}  // namespace

Transaction::Transaction(Connection& connection, Dialect const& dialect, Deadline deadline,
                         TransactionContext context)
    : connection_{connection},
      dialect_{dialect},
      deadline_{deadline},
      context_{std::move(context)} {}

Rows Transaction::execute_statement(std::string_view sql, Parameters parameters) {
  auto rows = connection_.execute(sql, parameters, deadline_);
  posted_ = 0;
  return rows;
}

void Transaction::post_statement(std::string_view sql, Parameters parameters) {
  connection_.post(sql, parameters, deadline_);
  ++posted_;
}

int Transaction::open_savepoint() {
  int const depth = ++savepoints_;
  connection_.post("SAVEPOINT " + name_of(depth), {}, deadline_);
  return depth;
}

void Transaction::release_savepoint(int depth) {
  TRAM_ASSERT(depth == savepoints_, "savepoints end innermost first");
  auto const sql = "RELEASE SAVEPOINT " + name_of(depth);
  // What was posted must fail in front of this, where the savepoint still protects the rest.
  if (posted_ > 0) {
    execute_statement(sql, {});
  } else {
    connection_.post(sql, {}, deadline_);
  }
  --savepoints_;
}

void Transaction::roll_back_to_savepoint(int depth) {
  TRAM_ASSERT(depth == savepoints_, "savepoints end innermost first");
  auto const sql = "ROLLBACK TO SAVEPOINT " + name_of(depth);
  try {
    execute_statement(sql, {});
  } catch (Error const& error) {
    // The error of a posted statement, which takes what was queued behind it along.
    if (posted_ == 0 || error.fault() == Fault::broken) throw;
    execute_statement(sql, {});
  }
  connection_.post("RELEASE SAVEPOINT " + name_of(depth), {}, deadline_);
  --savepoints_;
}

}  // namespace tram
