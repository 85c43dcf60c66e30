#include "tram/sql/transaction.hpp"

#include <string>
#include <utility>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/sql/connection.hpp"
#include "tram/sql/statement_text.hpp"

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

Transaction::Transaction(Connection& connection, Dialect const& dialect, Deadline deadline,
                         TransactionContext context, Clock const& clock,
                         TransactionAttempt& attempt)
    : Transaction{connection, dialect, deadline, std::move(context)} {
  clock_ = &clock;
  attempt_ = &attempt;
}

/// Tells the attempt what the database raised, and how long it took.
template <class Function>
auto Transaction::observed(Function&& function) {
  if (attempt_ == nullptr) return function();
  auto const began = clock_->steady();
  auto const note_time = [&] { attempt_->waited += clock_->steady() - began; };
  try {
    if constexpr (std::is_void_v<decltype(function())>) {
      function();
      note_time();
    } else {
      auto result = function();
      note_time();
      return result;
    }
  } catch (Error const& error) {
    attempt_->statement_error = std::current_exception();
    attempt_->lacks_setup |= error.is_about_setup();
    note_time();
    throw;
  }
}

Rows Transaction::execute_statement(std::string_view sql, Parameters parameters) {
  refuse_transaction_control(sql, dialect_.lexical_rules);
  require_whole();
  return run(sql, parameters);
}

Rows Transaction::run(std::string_view sql, Parameters parameters) {
  auto rows = observed([&] { return connection_.execute(sql, parameters, deadline_); });
  posted_ = 0;
  if (attempt_ != nullptr) attempt_->lacks_setup = false;
  return rows;
}

void Transaction::post_statement(std::string_view sql, Parameters parameters) {
  refuse_transaction_control(sql, dialect_.lexical_rules);
  require_whole();
  queue(sql, parameters);
  ++posted_;
}

void Transaction::queue(std::string_view sql, Parameters parameters) {
  observed([&] { connection_.post(sql, parameters, deadline_); });
}

int Transaction::open_savepoint() {
  require_whole();
  int const depth = savepoints_ + 1;
  queue("SAVEPOINT " + name_of(depth), {});
  savepoints_ = depth;
  return depth;
}

/// Its name is that of its depth, so that out of turn another one would end.
void Transaction::require_innermost(int depth) const {
  if (depth == savepoints_) return;
  throw Error{Fault::rejected,
              "sql: savepoint " + std::to_string(depth) + " of the transaction was to end while " +
                  std::to_string(savepoints_) + " are open; end each once, the innermost first"};
}

void Transaction::release_savepoint(int depth) {
  require_innermost(depth);
  auto const sql = "RELEASE SAVEPOINT " + name_of(depth);
  // What was posted must fail in front of this, where the savepoint still protects the rest.
  if (posted_ > 0) {
    run(sql, {});
  } else {
    queue(sql, {});
  }
  --savepoints_;
}

void Transaction::roll_back_to_savepoint(int depth) {
  try {
    require_innermost(depth);
    // Also when this fails: those around it end, too.
    --savepoints_;
    undo_savepoint(depth);
  } catch (Error const& error) {
    if (!spoiled_) spoiled_ = error;
    throw;
  }
}

void Transaction::undo_savepoint(int depth) {
  auto const sql = "ROLLBACK TO SAVEPOINT " + name_of(depth);
  try {
    run(sql, {});
  } catch (Error const& error) {
    // The error of a posted statement, which takes what was queued behind it along.
    if (posted_ == 0 || error.fault() == Fault::broken) throw;
    run(sql, {});
  }
  queue("RELEASE SAVEPOINT " + name_of(depth), {});
}

void Transaction::abandon_savepoint(int depth) noexcept {
  try {
    roll_back_to_savepoint(depth);
  } catch (Error const&) { return; }  // kept: nothing is committed
}

}  // namespace tram
