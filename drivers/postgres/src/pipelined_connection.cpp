#include "pipelined_connection.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "faults.hpp"
#include "tram/base/assert.hpp"
#include "values.hpp"

namespace tram::postgres {
namespace {

constexpr std::string_view ask_number = "SELECT pg_current_xact_id_if_assigned()";

// The server discards its statistics when it starts after a crash, and only then sets this time by
// itself. The limits are of the session, in milliseconds. A pooler tells a client another number of
// the server's process than the process itself.
constexpr char const* ask_session =
    "SELECT coalesce(stats_reset::text, ''),"
    " (SELECT setting FROM pg_settings WHERE name = 'statement_timeout'),"
    " (SELECT setting FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'),"
    " pg_backend_pid() FROM pg_stat_bgwriter";

// A statement whose client is gone ends within this time; the only way to stop it that needs no
// second connection.
constexpr char const* watch_client = "SET client_connection_check_interval = '500ms'";
constexpr int version_with_client_watch = 140000;

// A connection that was used so lately is taken for alive: to look costs a system call.
constexpr Duration idle_unchecked = std::chrono::milliseconds{1};

// libpq sends what it has queued when that are 8192 bytes.
constexpr std::size_t queued_bytes_max = 4000;
// What surrounds a statement in the protocol.
constexpr std::size_t message_bytes = 128;

constexpr Duration reset_timeout = std::chrono::seconds{5};
constexpr Duration settle_pause = std::chrono::milliseconds{20};

std::chrono::milliseconds milliseconds_in(PGresult const* result, int column) {
  return std::chrono::milliseconds{std::strtoll(PQgetvalue(result, 0, column), nullptr, 10)};
}

std::string_view tag_of(PGresult const* result) {
  return PQcmdStatus(const_cast<PGresult*>(result));  // libpq's signature lacks const
}

bool is_control(std::string_view tag) {
  constexpr std::array<std::string_view, 8> tags{
      "BEGIN",     "COMMIT",  "ROLLBACK",          "PREPARE TRANSACTION",
      "SAVEPOINT", "RELEASE", "START TRANSACTION", "COMMIT PREPARED"};
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

std::string_view consequence(std::string_view tag) {
  if (tag == "COMMIT") return "what was done before it is committed";
  if (tag == "ROLLBACK") return "what was done before it is rolled back";
  if (tag != "PREPARE TRANSACTION") return "nothing more is committed";
  return "what was done before it keeps its locks until COMMIT PREPARED or ROLLBACK PREPARED";
}

constexpr std::string_view nothing_committed{"; nothing was committed"};

}  // namespace

PipelinedConnection::PipelinedConnection(std::shared_ptr<Server> server, Clock& clock,
                                         Deadline deadline)
    : server_{std::move(server)},
      clock_{&clock},
      session_{Session::open(server_->target, clock, deadline)},
      statements_{server_->statements} {
  auto const answer = session_.query(ask_session, deadline);
  crash_mark_ = PQgetvalue(answer.get(), 0, 0);
  bool const is_own = std::to_string(PQbackendPID(session_.connection())) ==
                      std::string_view{PQgetvalue(answer.get(), 0, 3)};
  if (!is_own) server_->statements = Statements::unnamed;
  bool const may_set = server_->statements == Statements::prepared;
  statements_ = StatementCache{server_->statements};
  limits_ = TransactionLimits{
      {.statement = milliseconds_in(answer.get(), 1),
       .idle_in_transaction = milliseconds_in(answer.get(), 2)},
      may_set ? TransactionLimits::Reach::session : TransactionLimits::Reach::transaction};
  if (may_set && PQserverVersion(session_.connection()) >= version_with_client_watch)
    session_.query(watch_client, deadline);
  require(PQenterPipelineMode(session_.connection()));
}

void PipelinedConnection::begin(Access access, Deadline) {
  // A server that went away while the connection lay idle is noticed here, before anything can be
  // in doubt; so is a connection that was lost in a commit which turned out to have happened.
  if (!usable_) session_.lost();
  TRAM_ASSERT(!begun_ && pending_.empty(), "a connection has one transaction at a time");
  if (clock_->steady() - answered_at_ > idle_unchecked) look();
  access_ = access;
  number_wanted_ = number_asked_ = number_known_ = committed_ = is_ending_ = false;
  number_.clear();
  rows_.reset();
  error_.reset();
  ended_.reset();
}

/// Reads what the server may have said since its last answer. What is sent to a connection that it
/// has ended would hide its reason.
void PipelinedConnection::look() {
  usable_ = false;
  session_.require_alive();
  usable_ = true;
}

Rows PipelinedConnection::execute(std::string_view sql, Parameters parameters, Deadline deadline) {
  queue(Purpose::rows, sql, parameters, deadline);
  synchronise(deadline);
  TRAM_ASSERT(rows_.has_value(), "every statement is answered or failed");
  return *std::exchange(rows_, std::nullopt);
}

void PipelinedConnection::post(std::string_view sql, Parameters parameters, Deadline deadline) {
  // What could end the transaction, or change how the next text is read, is not queued in front of
  // others.
  if (!queue(Purpose::discard, sql, parameters, deadline).leaves_transaction_alone)
    synchronise(deadline);
  else if (queued_bytes_ >= queued_bytes_max) pause_pipeline(deadline);
}

void PipelinedConnection::commit(Deadline deadline) {
  if (!begun_) return;
  if (ended_) throw Error{*ended_};
  try {
    look();
  } catch (Error const& trouble) { throw trouble.with_remark(nothing_committed); }
  is_ending_ = true;
  if (access_ == Access::read_write && !number_known_) {
    ask_transaction_number();
    // The answer leaves the server before the commit begins, so that it is here when the commit's
    // answer is not.
    require(PQsendFlushRequest(session_.connection()));
  }
  send(Purpose::commit, statements_.look_up("COMMIT"), {});
  try {
    synchronise(deadline);
  } catch (Error const& trouble) { judge_commit(trouble, deadline); }
  limits_.committed();
  begun_ = false;
}

/// Returns where the commit happened all the same.
void PipelinedConnection::judge_commit(Error const& trouble, Deadline deadline) {
  // Its answer came before the connection was lost, which the next transaction tells.
  if (committed_ && !ended_) return;
  if (may_have_committed(trouble)) return settle(trouble, deadline);
  if (trouble.fault() == Fault::broken) throw trouble.with_remark(nothing_committed);
  throw Error{trouble};
}

bool PipelinedConnection::may_have_committed(Error const& trouble) const {
  if (access_ == Access::read_only || trouble.fault() != Fault::broken) return false;
  return error_ ? error_hides_commit_ : !session_.last_words().in_place_of_answer;
}

bool PipelinedConnection::reset() noexcept {
  try {
    auto const deadline = Deadline::after(*clock_, reset_timeout);
    is_ending_ = true;
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

StatementKind PipelinedConnection::queue(Purpose purpose, std::string_view sql,
                                         Parameters parameters, Deadline deadline) {
  if (ended_) throw Error{*ended_};
  if (pending_.empty()) statements_.follow(session_.lexical_rules());
  auto& statement = statements_.look_up(sql);
  auto const kind = statement.kind;
  require_values(sql, kind, parameters.size());
  open_transaction(deadline);
  send(purpose, statement, parameters);
  pending_.back().text = excerpt(sql);
  pending_.back().may_control = kind.marks_savepoint;
  if (kind.sets_limits) limits_.leave_alone();
  if (access_ == Access::read_write && !kind.only_reads) number_wanted_ = true;
  // A posted statement may be the last before the commit, which asks by itself.
  if (number_wanted_ && !number_asked_ && purpose == Purpose::rows) ask_transaction_number();
  return kind;
}

/// `BEGIN` travels with the first statement, and so do the limits that hold at the server.
void PipelinedConnection::open_transaction(Deadline deadline) {
  auto const left = deadline.remaining(*clock_);
  if (!begun_) {
    send(Purpose::discard,
         statements_.look_up(access_ == Access::read_only ? "BEGIN READ ONLY" : "BEGIN"), {});
    begun_ = true;
    send_plain(limits_.begin(left));
  } else if (pending_.empty() && PQtransactionStatus(session_.connection()) == PQTRANS_INTRANS) {
    send_plain(limits_.renew(left));
  }
}

void PipelinedConnection::send_plain(std::vector<std::string> const& statements) {
  for (auto const& sql : statements) {
    StatementCache::Statement plain{.numbered = sql};
    send(Purpose::discard, plain, {});
  }
}

void PipelinedConnection::send(Purpose purpose, StatementCache::Statement& statement,
                               Parameters parameters) {
  auto* const connection = session_.connection();
  TextParameters const texts{statement.numbered, parameters};
  if (statement.name.empty()) {
    require(PQsendQueryParams(connection, statement.numbered.c_str(), texts.count(), nullptr,
                              texts.values(), texts.lengths(), texts.formats(), 0));
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
                                texts.lengths(), texts.formats(), 0));
  }
  pending_.push_back({.purpose = purpose, .text = {}});
  queued_bytes_ += statement.numbered.size() + texts.size() + message_bytes;
}

void PipelinedConnection::pause_pipeline(Deadline deadline) {
  require(PQpipelineSync(session_.connection()));
  pending_.push_back({.purpose = Purpose::pause, .text = {}});
  queued_bytes_ = 0;
  session_.flush(deadline);
}

bool PipelinedConnection::is_pause(PGresult const* result) const {
  return pending_.front().purpose == Purpose::pause &&
         PQresultStatus(result) == PGRES_PIPELINE_SYNC;
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
  error_hides_commit_ = false;
  require(PQpipelineSync(session_.connection()));
  queued_bytes_ = 0;
  session_.flush(deadline);
  if (!take_all(deadline)) {
    if (error_) throw Error{*error_};
    session_.lost();
  }
  auto const end = session_.next_result(deadline);
  if (PQresultStatus(end.get()) != PGRES_PIPELINE_SYNC) session_.lost();
  usable_ = !error_ || error_->fault() != Fault::broken;
  if (usable_) answered_at_ = clock_->steady();
  bool const is_over = PQtransactionStatus(session_.connection()) == PQTRANS_IDLE;
  if (begun_ && is_over && !is_ending_ && !error_) note_end("a statement", "COMMIT or ROLLBACK");
  if (error_) throw Error{*error_};
}

/// False when the connection ended on the way.
bool PipelinedConnection::take_all(Deadline deadline) {
  while (!pending_.empty()) {
    auto const result = session_.next_result(deadline);
    if (!result) session_.lost();
    if (is_pause(result.get())) {
      pending_.pop_front();
      continue;
    }
    take(pending_.front(), result.get());
    if (is_fatal(result.get()) || PQstatus(session_.connection()) != CONNECTION_OK) return false;
    pending_.pop_front();
    if (session_.next_result(deadline)) session_.lost();
  }
  return true;
}

void PipelinedConnection::take(Pending const& pending, PGresult const* result) {
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK: break;
    case PGRES_PIPELINE_ABORTED:
      // Behind an error that was seen already: the server skipped it.
      if (pending.statement != nullptr) pending.statement->prepared = false;
      return;
    case PGRES_COPY_IN:
    case PGRES_COPY_OUT:
    case PGRES_COPY_BOTH:
      // There is no way back from here: the connection goes, and with it the transaction.
      throw Error{Fault::rejected, "postgresql: " + pending.text +
                                       " is refused: COPY from or to the client is no statement "
                                       "with rows; nothing was committed"};
    case PGRES_EMPTY_QUERY:
      if (pending.purpose == Purpose::rows && !error_)
        error_ = Error{Fault::rejected, "postgresql: '" + pending.text + "' is no statement"};
      return;
    default:
      if (pending.statement != nullptr) pending.statement->prepared = false;
      fail(pending, result);
      return;
  }
  if (!pending.may_control && is_control(tag_of(result))) note_end(pending.text, tag_of(result));
  if (pending.purpose == Purpose::rows) rows_ = to_rows(pending.text, result);
  if (pending.purpose == Purpose::commit) take_commit(tag_of(result));
  if (pending.purpose == Purpose::transaction_number) {
    number_known_ = true;
    number_ = PQgetvalue(result, 0, 0);
  }
}

/// A transaction with a failed statement is rolled back by COMMIT, which says so in its tag only.
void PipelinedConnection::take_commit(std::string_view tag) {
  committed_ = tag == "COMMIT";
  if (committed_ || error_) return;
  error_ = Error{Fault::rejected,
                 "postgresql: the transaction was rolled back instead of committed, since one of "
                 "its statements had failed; let the error of that statement leave the function"};
}

void PipelinedConnection::note_end(std::string const& statement, std::string_view tag) {
  if (ended_) return;
  ended_ = Error{Fault::rejected, "postgresql: " + statement +
                                      " has ended the transaction that it was run in (" +
                                      std::string{tag} + "): " + std::string{consequence(tag)} +
                                      "; leave the end of a transaction to who opened it"};
  error_ = ended_;
  limits_.forget();
}

void PipelinedConnection::fail(Pending const& pending, PGresult const* result) {
  // Without a code it is libpq that tells, mostly of a lost connection, which others tell better.
  bool const from_server = PQresultErrorField(result, PG_DIAG_SQLSTATE) != nullptr;
  bool const is_lost = PQstatus(session_.connection()) != CONNECTION_OK;
  if (error_ || (!from_server && is_lost)) return;
  if (is_lost_statement(result)) server_->statements = Statements::unnamed;
  bool const is_at_commit = pending.purpose == Purpose::commit;
  error_hides_commit_ = is_at_commit && is_fatal(result) && !is_in_place_of_answer(result);
  error_ = error_of(pending, result);
}

Error PipelinedConnection::error_of(Pending const& pending, PGresult const* result) const {
  auto const& what = pending.text.empty() ? "the end of the transaction" : pending.text;
  bool const is_write = field(result, PG_DIAG_SQLSTATE) == "25006";
  if (is_write && access_ == Access::read_only) return read_only_error(what, result);
  return statement_error(what, result, session_.connection());
}

void PipelinedConnection::settle(Error const& trouble, Deadline deadline) {
  auto const in_doubt = [&](std::string const& why) {
    return Error{Fault::in_doubt, "postgresql: " + server_->target.name() +
                                      " may or may not have committed: " + why + " (" +
                                      trouble.what() +
                                      "); query the transaction's rows before doing it again"};
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
    auto session = Session::open(server_->target, *clock_, deadline);
    auto const mark = session.query(ask_session, deadline);
    bool const crashed = PQgetvalue(mark.get(), 0, 0) != crash_mark_;
    auto const status = session.query("SELECT pg_xact_status('" + number_ + "')", deadline);
    std::string answer = PQgetvalue(status.get(), 0, 0);
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
