#include "slot_making.hpp"

#include <poll.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "faults.hpp"
#include "replication_protocol.hpp"

namespace tram::postgres {
namespace {

constexpr Duration begin_patience{std::chrono::milliseconds{500}};
constexpr Duration explain_interval{std::chrono::seconds{1}};
constexpr Duration explain_patience{std::chrono::seconds{1}};
constexpr std::size_t slot_name_longest{63};
constexpr std::string_view some_transaction{"one (see pg_stat_activity and pg_prepared_xacts)"};

/// One that others see, so that of two relays one makes the slot.
std::string temporary_name(std::string const& slot) {
  constexpr std::string_view suffix{"_new"};
  return slot.substr(0, slot_name_longest - suffix.size()).append(suffix);
}

std::string column_of(PGresult const* result, int column) { return PQgetvalue(result, 0, column); }

bool is_taken_name(Error const& error) { return error.sqlstate() == "42710"; }

}  // namespace

SlotMaking::SlotMaking(Session session, ChangeSourceConfig const& config, OutboxLook outbox,
                       RowsToGive rows, NewName name, Clock& clock)
    : config_{config},
      outbox_{std::move(outbox)},
      give_{std::move(rows)},
      new_name_{std::move(name)},
      clock_{clock},
      session_{std::move(session)},
      temporary_{temporary_name(config.slot)} {
  begin();
}

Deadline SlotMaking::deadline() const { return Deadline::after(clock_, config_.connect_timeout); }

void SlotMaking::begin() {
  session_.query("SET idle_in_transaction_session_timeout = 0", deadline());
  session_.query("SET statement_timeout = 0", deadline());
  notice_lost_connections();
  session_.query("BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ", deadline());
  auto const create = "CREATE_REPLICATION_SLOT " + sql_name(temporary_) +
                      " TEMPORARY LOGICAL pgoutput USE_SNAPSHOT";
  if (PQsendQuery(session_.connection(), create.c_str()) == 0) session_.lost();
  session_.flush(deadline());
  trouble_ = "slot '" + config_.slot + "' is being made";
  explain_at_ = clock_.steady() + explain_interval;
  // Mostly nothing is open, and it takes some milliseconds.
  wait_for_socket(session_.socket(), POLLIN, clock_, Deadline::after(clock_, begin_patience));
}

/// The server would wait on for a relay that was killed, with the slot in its name.
void SlotMaking::notice_lost_connections() {
  try {
    session_.query("SET client_connection_check_interval = '1s'", deadline());
  } catch (Error const& error) {
    if (error.fault() != Fault::rejected) throw;  // Known from PostgreSQL 14 on.
  }
}

ChangeBatch SlotMaking::read(std::size_t rows_max) {
  ChangeBatch batch;
  if (state_ == State::creating) await_creation();
  if (state_ == State::reading && rows_max > 0) batch = read_rows(rows_max);
  if (state_ == State::finishing) finish();
  batch.at_end = false;
  return batch;
}

void SlotMaking::await_creation() {
  auto* const connection = session_.connection();
  if (PQconsumeInput(connection) == 0) session_.lost();
  if (PQisBusy(connection) != 0) {
    if (clock_.steady() >= explain_at_) explain();
    return;
  }
  Result const answer{PQgetResult(connection)};
  while (Result const more{PQgetResult(connection)}) {}
  if (!answer) session_.lost();
  if (PQresultStatus(answer.get()) == PGRES_TUPLES_OK) return created(answer);
  auto const error = statement_error("making slot '" + config_.slot + "'", answer.get());
  if (!is_taken_name(error)) throw error;
  throw Error{Fault::transient, "postgresql: slot '" + config_.slot + "' of " + session_.name() +
                                    " is being made by another relay; waiting for it"};
}

void SlotMaking::explain() {
  trouble_ = "slot '" + config_.slot + "' of " + session_.name() +
             " cannot be made while a transaction is open that is older; it waits for " + awaited();
  explain_at_ = clock_.steady() + explain_interval;
}

/// Whom the server waits for, is only to be seen from another session.
std::string SlotMaking::awaited() const try {
  auto const patience = Deadline::after(clock_, explain_patience);
  auto const process = std::to_string(PQbackendPID(session_.connection()));
  auto other = Session::open(Target{config_.connection, "tram-cdc"}, clock_, patience);
  auto const found = other.query(
      "SELECT coalesce('prepared transaction ' || quote_literal(p.gid) || ' of database ' || "
      "p.database || ', prepared at ' || p.prepared || '; run there: COMMIT PREPARED or ROLLBACK "
      "PREPARED', 'the transaction of process ' || l.pid || coalesce(' (application ' || "
      "quote_literal(a.application_name) || ', role ' || a.usename || ', database ' || a.datname "
      "|| ', begun at ' || a.xact_start || coalesce(', ' || a.state, '') || ')', '') || '; let it "
      "end, or run: SELECT pg_terminate_backend(' || l.pid || ')') FROM pg_locks w JOIN pg_locks l "
      "ON l.locktype = 'transactionid' AND l.transactionid = w.transactionid AND l.granted LEFT "
      "JOIN pg_stat_activity a ON a.pid = l.pid LEFT JOIN pg_prepared_xacts p ON p.transaction = "
      "l.transactionid WHERE w.locktype = 'transactionid' AND NOT w.granted AND w.pid = " +
          process,
      patience);
  bool const known = PQntuples(found.get()) > 0 && PQgetisnull(found.get(), 0, 0) == 0;
  return known ? column_of(found.get(), 0) : std::string{some_transaction};
} catch (Error const&) {
  // There may be no connection left for it; the making goes on.
  return std::string{some_transaction};
}

void SlotMaking::created(Result const& answer) {
  trouble_.clear();
  begins_at_ = parse_lsn(column_of(answer.get(), 1)).value_or(0);
  state_ = State::finishing;
  if (give_.select.empty()) return;
  rows_.emplace(session_, give_, Deadline::after(clock_, table_patience));
  state_ = State::reading;
}

ChangeBatch SlotMaking::read_rows(std::size_t rows_max) {
  ChangeBatch batch;
  if (std::exchange(rewound_, false)) rows_->go_to(confirmed_, deadline());
  auto number = rows_->read_so_far();
  batch.rows = rows_->next(rows_max, Deadline::after(clock_, table_patience));
  for (auto& row : batch.rows) row.ends_at = LogPosition{++number};
  if (!batch.rows.empty()) return batch;
  if (confirmed_ == number) state_ = State::finishing;
  return batch;
}

void SlotMaking::confirm(Lsn position) { confirmed_ = std::max<std::size_t>(confirmed_, position); }

void SlotMaking::finish() {
  rows_.reset();
  session_.query("COMMIT", deadline());
  if (!new_name_.before.empty()) session_.query(new_name_.before, deadline());
  if (new_name_.old_slot == OldSlot::replaced) drop_old_slot();
  take_name();
  session_.query("DROP_REPLICATION_SLOT " + sql_name(temporary_), deadline());
  state_ = State::done;
}

void SlotMaking::drop_old_slot() {
  session_.query("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE "
                 "slot_name = " +
                     sql_text(config_.slot),
                 deadline());
}

/// Gives the slot its name for good.
void SlotMaking::take_name() {
  try {
    session_.query("SELECT pg_copy_logical_replication_slot(" + sql_text(temporary_) + ", " +
                       sql_text(config_.slot) + ", false)",
                   deadline());
  } catch (Error const& error) {
    if (!is_taken_name(error)) throw;
    throw Error{Fault::transient, "postgresql: slot '" + config_.slot + "' of " + session_.name() +
                                      " was made by another meanwhile; reading that one"};
  }
}

}  // namespace tram::postgres
