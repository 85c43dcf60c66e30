#include "log_meter.hpp"

#include <poll.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "faults.hpp"

namespace tram::postgres {
namespace {

constexpr Duration answer_timeout = std::chrono::seconds{5};
/// However often the server asks for a sign of life.
constexpr Duration look_pause = std::chrono::seconds{1};
/// cannot_connect_now: a server that starts or stops.
constexpr std::string_view no_connections_now{"57P03"};

}  // namespace

LogMeter::LogMeter(Target target, std::string const& slot, Duration interval, Clock& clock)
    : target_{std::move(target)},
      // The name needs no escaping: the server allows lower-case letters, digits and underscores
      // only.
      question_{
          "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint, wal_status "
          "FROM pg_replication_slots WHERE slot_name = '" +
          slot + "'"},
      interval_{interval},
      clock_{clock} {}

void LogMeter::step() noexcept {
  try {
    advance();
  } catch (std::exception const&) {
    // A figure for operators must not stop the relay; it is asked for again.
    reset();
    next_ = clock_.steady() + interval_;
  }
}

void LogMeter::reset() {
  connection_.reset();
  state_ = State::idle;
}

void LogMeter::begin_anew() {
  reset();
  server_stops_ = false;
  next_ = clock_.steady();
}

void LogMeter::look_soon() { next_ = std::min(next_, looked_at_ + look_pause); }

void LogMeter::advance() {
  if (state_ == State::connected) notice_end();
  if (!busy() && clock_.steady() < next_) return;
  if (busy() && clock_.steady() >= give_up_)
    throw Error{Fault::transient, "postgresql: no measurement in time"};
  switch (state_) {
    case State::idle: return connect();
    case State::connecting: return continue_connecting();
    case State::connected: return ask();
    case State::asking: return take_answer();
  }
}

/// Ended from the other side: only another attempt tells why.
void LogMeter::notice_end() {
  if (!wait_for_socket(PQsocket(connection_.get()), POLLIN, clock_, Deadline::now())) return;
  bool const alive =
      PQconsumeInput(connection_.get()) != 0 && PQstatus(connection_.get()) == CONNECTION_OK;
  if (alive) return;
  reset();
  look_soon();
}

void LogMeter::connect() {
  looked_at_ = clock_.steady();
  connection_ = target_.start();
  polling_ = PGRES_POLLING_WRITING;
  state_ = State::connecting;
  give_up_ = clock_.steady() + answer_timeout;
}

void LogMeter::continue_connecting() {
  short const events = polling_ == PGRES_POLLING_READING ? POLLIN : POLLOUT;
  if (!wait_for_socket(PQsocket(connection_.get()), events, clock_, Deadline::now())) return;
  polling_ = PQconnectPoll(connection_.get());
  if (polling_ == PGRES_POLLING_FAILED) {
    server_stops_ = sqlstate_in(PQerrorMessage(connection_.get())) == no_connections_now;
    throw Error{Fault::transient, PQerrorMessage(connection_.get())};
  }
  if (polling_ != PGRES_POLLING_OK) return;
  PQsetnonblocking(connection_.get(), 1);
  ask();
}

void LogMeter::ask() {
  looked_at_ = clock_.steady();
  if (PQsendQuery(connection_.get(), question_.c_str()) == 0 || PQflush(connection_.get()) != 0) {
    throw Error{Fault::broken, PQerrorMessage(connection_.get())};
  }
  state_ = State::asking;
  give_up_ = clock_.steady() + answer_timeout;
}

void LogMeter::take_answer() {
  if (PQconsumeInput(connection_.get()) == 0)
    throw Error{Fault::broken, PQerrorMessage(connection_.get())};
  while (PQisBusy(connection_.get()) == 0) {
    Result const result{PQgetResult(connection_.get())};
    if (!result) {
      state_ = State::connected;
      next_ = clock_.steady() + interval_;
      return;
    }
    if (PQntuples(result.get()) != 1) continue;
    auto const difference = std::strtoll(PQgetvalue(result.get(), 0, 0), nullptr, 10);
    kept_bytes_ = difference > 0 ? static_cast<std::uint64_t>(difference) : 0;
    in_danger_ = std::string_view{PQgetvalue(result.get(), 0, 1)} == "unreserved";
  }
}

}  // namespace tram::postgres
