#include "outbox_watch.hpp"

#include <poll.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "faults.hpp"

namespace tram::postgres {
namespace {

constexpr Duration answer_timeout = std::chrono::seconds{5};
/// A server that is being stopped refuses within milliseconds.
constexpr Duration attempt_patience = std::chrono::seconds{1};
/// However often the server asks for a sign of life.
constexpr Duration look_pause = std::chrono::seconds{1};
/// cannot_connect_now: a server that starts or stops.
constexpr std::string_view no_connections_now{"57P03"};
/// Without an answer for so long nobody knows whether the log still shows the outbox.
constexpr Duration patience = std::chrono::seconds{15};
/// A statement that fails once may be a server that is stopping.
constexpr Duration write_patience = std::chrono::seconds{3};

std::vector<std::optional<std::string>> first_row(PGresult const* result) {
  std::vector<std::optional<std::string>> row;
  for (int column = 0; column < PQnfields(result); ++column) {
    if (PQgetisnull(result, 0, column) != 0) row.emplace_back();
    else row.emplace_back(PQgetvalue(result, 0, column));
  }
  return row;
}

}  // namespace

OutboxWatch::OutboxWatch(ChangeSourceConfig const& config, Clock& clock)
    : config_{config}, target_{config.connection, "tram-cdc"}, clock_{clock} {}

std::string OutboxWatch::trouble() const {
  if (unwritten_since_ && clock_.steady() - *unwritten_since_ >= write_patience) {
    return "the position could not be stored in the database of " + target_.name() +
           " for some time, and the slot keeps its log: " + write_trouble_;
  }
  if (changing_since_ && clock_.steady() - *changing_since_ >= patience) {
    return changing_ + " in the database of " + target_.name() +
           " and does not end: the log may hide rows behind it, so nothing is confirmed or removed "
           "until it ends; " +
           std::string{end_the_change};
  }
  if (clock_.steady() - answered_at_ < patience) return "";
  return "whether the log still shows the outbox of " + target_.name() +
         " could not be looked up for some time" + (reason_.empty() ? "" : ": " + reason_);
}

void OutboxWatch::begin() {
  disconnect();
  attempt_waits_ = true;
  server_stops_ = written_ = false;
  to_write_.clear();
  look_.reset();
  answered_at_ = next_ = clock_.steady();
}

void OutboxWatch::disconnect() {
  connection_.reset();
  state_ = State::idle;
  writing_ = false;
}

void OutboxWatch::write(std::string statement) {
  to_write_ = std::move(statement);
  if (state_ == State::idle) look_soon();
}

void OutboxWatch::look_soon() { next_ = std::min(next_, looked_at_ + look_pause); }

void OutboxWatch::step() noexcept {
  try {
    advance();
  } catch (std::exception const& error) {
    // A look that fails must not stop the relay; it is repeated.
    reason_ = error.what();
    disconnect();
    next_ = clock_.steady() + config_.look_interval;
  }
}

/// Ended from the other side: only another attempt tells why.
void OutboxWatch::notice_end() {
  if (is_open() && !wait_for_socket(PQsocket(connection_.get()), POLLIN, clock_, Deadline::now()))
    return;
  if (PQconsumeInput(connection_.get()) != 0 && is_open()) return;
  disconnect();
  look_soon();
}

bool OutboxWatch::is_open() const { return PQstatus(connection_.get()) == CONNECTION_OK; }

/// An answer that has come is taken however late it is: a call may come seconds after the last one.
void OutboxWatch::advance() {
  if (state_ == State::connected) notice_end();
  if (!busy()) begin_what_is_due();
  if (state_ == State::connecting) continue_connecting();
  if (state_ == State::asking) take_answer();
  if (busy() && clock_.steady() >= give_up_)
    throw Error{Fault::transient, "postgresql: no answer in time"};
}

void OutboxWatch::begin_what_is_due() {
  auto const now = clock_.steady();
  // By turns where both are due: neither a statement that fails again and again nor a loop whose
  // steps take longer than the time between two looks keeps the other one from its turn.
  bool const has_turn = now < next_ || !wrote_last_;
  bool const writes = !to_write_.empty() && now >= write_after_ && has_turn;
  if (state_ == State::connected && writes) return write_now();
  if (now < next_) return;
  if (state_ == State::idle) return connect();
  ask();
}

void OutboxWatch::connect() {
  looked_at_ = clock_.steady();
  connection_ = target_.start();
  bool const failed = PQstatus(connection_.get()) == CONNECTION_BAD;
  polling_ = failed ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  state_ = State::connecting;
  prepared_ = false;
  give_up_ = clock_.steady() + answer_timeout;
}

/// In one call where the server answers: one that is being stopped waits up to a minute
/// (authentication_timeout) for a client that has said half of what it has to say.
void OutboxWatch::continue_connecting() {
  auto const wait = attempt_waits_ ? Deadline::after(clock_, attempt_patience) : Deadline::now();
  while (polling_ == PGRES_POLLING_READING || polling_ == PGRES_POLLING_WRITING) {
    short const events = polling_ == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    if (!wait_for_socket(PQsocket(connection_.get()), events, clock_, wait)) {
      attempt_waits_ = false;
      return;
    }
    polling_ = PQconnectPoll(connection_.get());
    // Of each answer: a slow loop takes one at a time.
    give_up_ = clock_.steady() + answer_timeout;
  }
  if (polling_ == PGRES_POLLING_FAILED) {
    server_stops_ = sqlstate_in(PQerrorMessage(connection_.get())) == no_connections_now;
    throw connect_error(target_.name(), target_.trouble(connection_.get()));
  }
  attempt_waits_ = true;
  PQsetnonblocking(connection_.get(), 1);
  ask();
}

void OutboxWatch::ask() {
  looked_at_ = clock_.steady();
  wrote_last_ = false;
  std::string question{"EXECUTE tram_look"};
  if (!std::exchange(prepared_, true))
    question = std::string{uncompiled} + "; PREPARE tram_look AS " + outbox_question(config_) +
               "; " + question;
  send(question);
}

/// However far away the server's standbys are: what is stored goes with this server's slot.
void OutboxWatch::write_now() {
  writing_ = wrote_last_ = true;
  write_trouble_.clear();
  send("SET LOCAL synchronous_commit = local; " + std::exchange(to_write_, ""));
}

void OutboxWatch::send(std::string const& question) {
  if (PQsendQuery(connection_.get(), question.c_str()) == 0 || PQflush(connection_.get()) != 0) {
    throw Error{Fault::broken, target_.trouble(connection_.get())};
  }
  state_ = State::asking;
  give_up_ = clock_.steady() + answer_timeout;
}

void OutboxWatch::take_answer() {
  if (PQconsumeInput(connection_.get()) == 0)
    throw Error{Fault::broken, target_.trouble(connection_.get())};
  while (PQisBusy(connection_.get()) == 0) {
    Result const result{PQgetResult(connection_.get())};
    if (result) {
      take_result(result.get());
      continue;
    }
    state_ = State::connected;
    if (std::exchange(writing_, false)) return end_write();
    next_ = clock_.steady() + config_.look_interval;
    return;
  }
}

void OutboxWatch::end_write() {
  written_ = write_trouble_.empty();
  if (written_) return unwritten_since_.reset();
  auto const now = clock_.steady();
  if (!unwritten_since_) unwritten_since_ = now;
  write_after_ = now + config_.look_interval;
}

void OutboxWatch::take_result(PGresult const* result) {
  bool const failed = PQresultStatus(result) == PGRES_FATAL_ERROR;
  if (failed && writing_) write_trouble_ = statement_error("storing it", result).what();
  else if (failed) throw statement_error("looking", result);
  if (PQntuples(result) != 1) return;
  look_ = outbox_look(config_, first_row(result));
  kept_bytes_ = look_->kept_bytes;
  in_danger_ = look_->wal_status == "unreserved";
  note_change(look_->changing);
  answered_at_ = clock_.steady();
  reason_.clear();
}

void OutboxWatch::note_change(std::string const& changing) {
  changing_ = changing;
  if (changing.empty()) changing_since_.reset();
  else if (!changing_since_) changing_since_ = clock_.steady();
}

}  // namespace tram::postgres
