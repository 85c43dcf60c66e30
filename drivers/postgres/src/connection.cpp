#include "connection.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <utility>

#include "faults.hpp"
#include "tram/base/assert.hpp"
#include "values.hpp"

namespace tram::postgres {
namespace {

constexpr std::string_view ask_number = "SELECT pg_current_xact_id_if_assigned()";

// The server discards its statistics when it starts after a crash, and only then sets this time by
// itself.
constexpr char const* ask_crash_mark =
    "SELECT coalesce(stats_reset::text, '') FROM pg_stat_bgwriter";

// A statement whose client is gone ends within this time; the only way to stop it that needs no
// second connection.
constexpr char const* watch_client = "SET client_connection_check_interval = '500ms'; ";
constexpr int version_with_client_watch = 140000;

// A connection that was used so lately is taken for alive: to look costs a system call.
constexpr Duration idle_unchecked = std::chrono::milliseconds{1};

constexpr Duration reset_timeout = std::chrono::seconds{5};
constexpr Duration settle_pause = std::chrono::milliseconds{20};

bool equals_ignoring_case(std::string_view text, std::string_view upper) {
  return std::equal(text.begin(), text.end(), upper.begin(), upper.end(),
                    [](unsigned char a, char b) { return std::toupper(a) == b; });
}

}  // namespace

bool only_reads(std::string_view sql) noexcept {
  constexpr std::array<std::string_view, 6> words{"SELECT",   "SAVEPOINT", "RELEASE",
                                                  "ROLLBACK", "SHOW",      "SET"};
  auto const start = sql.find_first_not_of(" \t\r\n(");
  if (start == std::string_view::npos) return true;
  sql.remove_prefix(start);
  auto const end =
      std::find_if(sql.begin(), sql.end(), [](unsigned char c) { return std::isalpha(c) == 0; });
  std::string_view const word{sql.data(), static_cast<std::size_t>(end - sql.begin())};
  return std::any_of(words.begin(), words.end(),
                     [&](auto const& reading) { return equals_ignoring_case(word, reading); });
}

PipelinedConnection::PipelinedConnection(std::shared_ptr<Target const> target, Statements mode,
                                         Clock& clock, Deadline deadline)
    : target_{std::move(target)},
      clock_{&clock},
      session_{Session::open(*target_, clock, deadline)},
      statements_{mode} {
  bool const may_set = mode == Statements::prepared &&
                       PQserverVersion(session_.connection()) >= version_with_client_watch;
  auto const mark =
      session_.query(std::string{may_set ? watch_client : ""} + ask_crash_mark, deadline);
  crash_mark_ = PQgetvalue(mark.get(), 0, 0);
  require(PQenterPipelineMode(session_.connection()));
}

void PipelinedConnection::begin(Access access, Deadline) {
  // A server that went away while the connection lay idle is noticed here, before anything can be
  // in doubt; so is a connection that was lost in a commit which turned out to have happened.
  if (!std::exchange(usable_, false)) session_.lost();
  TRAM_ASSERT(!begun_ && pending_.empty(), "a connection has one transaction at a time");
  if (clock_->steady() - answered_at_ > idle_unchecked) session_.require_alive();
  usable_ = true;
  access_ = access;
  number_wanted_ = number_asked_ = number_known_ = committed_ = false;
  number_.clear();
  rows_.reset();
  error_.reset();
}

Rows PipelinedConnection::execute(std::string_view sql, Parameters parameters, Deadline deadline) {
  queue(Purpose::rows, sql, parameters, deadline);
  synchronise(deadline);
  TRAM_ASSERT(rows_.has_value(), "every statement is answered or failed");
  return *std::exchange(rows_, std::nullopt);
}

void PipelinedConnection::post(std::string_view sql, Parameters parameters, Deadline deadline) {
  queue(Purpose::discard, sql, parameters, deadline);
}

void PipelinedConnection::commit(Deadline deadline) {
  if (!begun_) return;
  bool const can_be_in_doubt = access_ != Access::read_only;
  if (access_ == Access::read_write && !number_known_) {
    ask_transaction_number();
    // The answer leaves the server before the commit begins, so that it is here when the commit's
    // answer is not.
    require(PQsendFlushRequest(session_.connection()));
  }
  send(Purpose::commit, statements_.look_up("COMMIT"), {});
  try {
    synchronise(deadline);
  } catch (Error const& trouble) {
    bool const failed_before = error_ && !error_at_commit_;
    if (trouble.fault() != Fault::broken || !can_be_in_doubt || failed_before) throw;
    settle(trouble, deadline);
  }
  begun_ = false;
}

bool PipelinedConnection::reset() noexcept {
  try {
    auto const deadline = Deadline::after(*clock_, reset_timeout);
    if (usable_ && begun_) {
      send(Purpose::discard, statements_.look_up("ROLLBACK"), {});
      try {
        synchronise(deadline);
      } catch (Error const&) {
        // Statements still queued may fail, and then the server skips the ROLLBACK behind them.
        if (usable_) {
          send(Purpose::discard, statements_.look_up("ROLLBACK"), {});
          synchronise(deadline);
        }
      }
    }
    begun_ = false;
    return usable_ && PQtransactionStatus(session_.connection()) == PQTRANS_IDLE;
  } catch (std::exception const&) { return false; }
}

void PipelinedConnection::queue(Purpose purpose, std::string_view sql, Parameters parameters,
                                Deadline deadline) {
  if (!begun_) {
    send(Purpose::discard,
         statements_.look_up(access_ == Access::read_only ? "BEGIN READ ONLY" : "BEGIN"), {});
    begun_ = true;
  }
  send(purpose, statements_.look_up(sql), parameters);
  pending_.back().text = excerpt(sql);
  if (access_ == Access::read_write && !only_reads(sql)) number_wanted_ = true;
  // A posted statement may be the last before the commit, which asks by itself.
  if (number_wanted_ && !number_asked_ && purpose == Purpose::rows) ask_transaction_number();
  constexpr std::size_t unsent_max = 64;
  if (pending_.size() % unsent_max == 0) session_.flush(deadline);
}

void PipelinedConnection::send(Purpose purpose, StatementCache::Statement& statement,
                               Parameters parameters) {
  auto* const connection = session_.connection();
  TextParameters const texts{statement.numbered, parameters};
  if (statement.name.empty()) {
    require(PQsendQueryParams(connection, statement.numbered.c_str(), texts.count(), nullptr,
                              texts.values(), nullptr, nullptr, 0));
  } else {
    if (!statement.prepared) {
      require(PQsendPrepare(connection, statement.name.c_str(), statement.numbered.c_str(), 0,
                            nullptr));
      pending_.push_back({.purpose = Purpose::prepare,
                          .text = excerpt(statement.numbered),
                          .statement = &statement});
      statement.prepared = true;
    }
    require(PQsendQueryPrepared(connection, statement.name.c_str(), texts.count(), texts.values(),
                                nullptr, nullptr, 0));
  }
  pending_.push_back({.purpose = purpose, .text = {}});
}

void PipelinedConnection::ask_transaction_number() {
  send(Purpose::transaction_number, statements_.look_up(ask_number), {});
  number_asked_ = true;
}

void PipelinedConnection::synchronise(Deadline deadline) {
  // Set again when all answers are in: a wait that is given up leaves answers behind that nobody
  // can tell apart.
  if (!std::exchange(usable_, false)) session_.lost();
  error_.reset();
  require(PQpipelineSync(session_.connection()));
  session_.flush(deadline);
  while (!pending_.empty()) {
    auto const result = session_.next_result(deadline);
    if (!result) session_.lost();
    take(pending_.front(), result.get());
    if (PQstatus(session_.connection()) != CONNECTION_OK) break;
    pending_.pop_front();
    if (session_.next_result(deadline)) session_.lost();
  }
  if (PQstatus(session_.connection()) != CONNECTION_OK) {
    if (committed_) return;
    if (error_) throw *error_;
    session_.lost();
  }
  auto const end = session_.next_result(deadline);
  if (PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC) session_.lost();
  usable_ = !error_ || error_->fault() != Fault::broken;
  if (usable_) answered_at_ = clock_->steady();
  if (error_) throw *error_;
}

void PipelinedConnection::take(Pending const& pending, PGresult const* result) {
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK: break;
    case PGRES_PIPELINE_ABORTED:
      // Behind an error that was seen already: the server skipped it.
      if (pending.statement != nullptr) pending.statement->prepared = false;
      return;
    default:
      if (pending.statement != nullptr) pending.statement->prepared = false;
      fail(pending, result);
      return;
  }
  if (pending.purpose == Purpose::rows) rows_ = to_rows(result);
  if (pending.purpose == Purpose::transaction_number) {
    number_known_ = true;
    number_ = PQgetvalue(result, 0, 0);
  }
  if (pending.purpose == Purpose::commit) {
    // A transaction with a failed statement is rolled back by COMMIT, which says so in its tag
    // only.
    committed_ = std::string_view{PQcmdStatus(const_cast<PGresult*>(result))} == "COMMIT";
    if (!committed_) {
      error_ = Error{
          Fault::rejected,
          "postgresql: the transaction was rolled back instead of committed, since one of its "
          "statements had failed; let the error of that statement leave the function"};
    }
  }
}
void PipelinedConnection::fail(Pending const& pending, PGresult const* result) {
  // Without a code it is libpq that tells of a lost connection, and not the server of a failed
  // statement.
  bool const from_server = PQresultErrorField(result, PG_DIAG_SQLSTATE) != nullptr;
  if (!from_server || error_) return;
  error_ =
      statement_error(pending.text.empty() ? "the end of the transaction" : pending.text, result);
  error_at_commit_ = pending.purpose == Purpose::commit;
}

void PipelinedConnection::settle(Error const& trouble, Deadline deadline) {
  auto const in_doubt = [&](std::string const& why) {
    return Error{Fault::in_doubt, "postgresql: " + target_->name() +
                                      " may or may not have committed: " + why + " (" +
                                      trouble.what() +
                                      "); look for the transaction's rows before doing it again"};
  };
  if (access_ == Access::marked_write) throw in_doubt("the connection was lost during the commit");
  if (!number_known_)
    throw in_doubt("the connection was lost before the transaction's number was known");
  if (number_.empty()) throw trouble;  // It never had a number, so it changed nothing.
  while (true) {
    auto const answer = ask_status(deadline);
    if (answer == "aborted") {
      throw Error{Fault::broken,
                  std::string{"postgresql: the transaction was rolled back: "} + trouble.what()};
    }
    if (answer == "committed") return;
    if (answer == "reused")
      throw in_doubt("the server crashed, and transaction " + number_ +
                     " of now may be another one");
    if (deadline.reached(*clock_))
      throw in_doubt("transaction " + number_ + " could not be asked for before the deadline");
    clock_->pause(std::min(settle_pause, deadline.remaining(*clock_)));
  }
}

std::string PipelinedConnection::ask_status(Deadline deadline) {
  try {
    auto session = Session::open(*target_, *clock_, deadline);
    auto const mark = session.query(ask_crash_mark, deadline);
    bool const crashed = PQgetvalue(mark.get(), 0, 0) != crash_mark_;
    auto const status = session.query("SELECT pg_xact_status('" + number_ + "')", deadline);
    std::string const answer = PQgetvalue(status.get(), 0, 0);
    if (answer == "committed" && crashed) return "reused";
    return answer;
  } catch (Error const& error) {
    // A number that the server has not reached: it crashed, and nothing of the transaction was
    // kept.
    if (error.fault() == Fault::rejected &&
        std::string_view{error.what()}.find("22023") != std::string_view::npos) {
      return "aborted";
    }
    return "unreachable";
  }
}

void PipelinedConnection::require(int sent) {
  if (sent != 0) return;
  usable_ = false;
  session_.lost();
}

}  // namespace tram::postgres
