#include "pgoutput_source.hpp"

#include <limits>
#include <utility>

#include "sender_timeout.hpp"

namespace tram::postgres {
namespace {

/// The server notices within this time that a connection is gone.
constexpr Duration goodbye = std::chrono::seconds{1};

}  // namespace

Session PgoutputSource::open(Deadline deadline) {
  auto session = open_for_replication(target_, clock_, deadline);
  auto const* const encoding = PQparameterStatus(session.connection(), "server_encoding");
  encoding_ = encoding == nullptr ? "UTF8" : encoding;
  return session;
}

// After a rewind the server may need a moment to notice that the last connection is gone.
void PgoutputSource::await_own_predecessor(Session& session, Deadline deadline) {
  if (server_process_ == 0) return;
  auto const busy =
      "SELECT 1 FROM pg_replication_slots WHERE slot_name = " + sql_text(config_.slot) +
      " AND active_pid = " + std::to_string(server_process_);
  auto const patience = Deadline::after(clock_, goodbye);
  while (PQntuples(session.query(busy, deadline).get()) > 0 && !deadline.reached(clock_)) {
    if (patience.reached(clock_))
      session.query("SELECT pg_terminate_backend(" + std::to_string(server_process_) + ")",
                    deadline);
    clock_.pause(std::chrono::milliseconds{2});
  }
}

// On a new connection: a session that looked at the catalog has it in its caches, and the server
// would read the log of before with the tables and publications of now.
void PgoutputSource::stream_from_here(Deadline deadline) {
  session_.reset();
  session_ = open(deadline);
  server_process_ = PQbackendPID(session_->connection());
  tell_interval_ =
      status_interval_for(settle_sender_timeout(*session_, deadline), config_.probe_interval);
  choose_encoding(*session_, deadline);
  try {
    session_->query("START_REPLICATION SLOT " + sql_name(config_.slot) + " LOGICAL " +
                        format_lsn(confirmed_) + " (proto_version '1', publication_names " +
                        sql_text(sql_name(config_.publication)) + ")",
                    deadline);
  } catch (Error const& error) {
    // Somebody else was quicker: the next attempt finds out who.
    constexpr std::string_view object_in_use{"55006"};
    if (error.sqlstate() != object_in_use) throw;
    throw Error{Fault::transient, error.what()};
  }
  decoder_.emplace(decoder(*outbox_, as_bytes_ ? text_reader() : TextReader{}));
  server_read_ = confirmed_;
  silent_up_to_ = 0;
  told_at_ = heard_at_ = asked_at_ = clock_.steady();
  if (server_read_ < log_end_) tell_position(AskReply::yes);
}

/// The server converts into UTF-8 as long as it can: what it cannot convert is found out one by
/// one.
void PgoutputSource::choose_encoding(Session& session, Deadline deadline) {
  as_bytes_ = encoding_ == "SQL_ASCII" || confirmed_ < as_bytes_until_;
  session.query("SET bytea_output = 'hex'", deadline);
  if (as_bytes_) session.query("SET client_encoding = 'SQL_ASCII'", deadline);
}

/// One row that the server cannot convert must not keep the others from being read.
void PgoutputSource::read_table_as_bytes(Session& session, Deadline deadline) {
  session.query("SET bytea_output = 'hex'", deadline);
  session.query("SET client_encoding = 'SQL_ASCII'", deadline);
}

PgoutputDecoder PgoutputSource::decoder(OutboxLook const& outbox, TextReader reader) {
  return {outbox.schema, outbox.table, forms_, std::move(reader), parts_.counted(outbox)};
}

/// Of texts that come as the server stores them.
TextReader PgoutputSource::text_reader() {
  // What is no UTF-8 is found when its record is made.
  if (encoding_ == "SQL_ASCII" || encoding_ == "UTF8") return {};
  return [this](std::string const& bytes) { return server_text_.to_utf8(bytes, encoding_); };
}

void PgoutputSource::read_as_bytes_next() {
  as_bytes_until_ =
      in_transaction_ ? place_.transaction.number() + 1 : std::numeric_limits<Lsn>::max();
}

/// The table changed under us; a new session looks at its columns again.
void PgoutputSource::learn_type(std::uint32_t type) {
  if (type == 0 || !strange_types_.insert(type).second) return;
  throw Error{Fault::transient, "postgresql: the columns of the outbox in " + target_.name() +
                                    " changed; connecting again to read them"};
}

/// It stops only when everything it ever sent is confirmed, or when nobody reads its log any more.
void PgoutputSource::leave_stopping_server() const {
  if (!watch_.server_stops()) return;
  throw Error{
      Fault::transient,
      "postgresql: " + target_.name() +
          " takes no connections and is stopping or starting; the relay leaves so as not to "
          "keep it, and connects again by itself"};
}

void PgoutputSource::rewind() {
  if (making_) return making_->rewind();
  gap_given_ = false;
  disconnect();
}

void PgoutputSource::disconnect() {
  message_.reset();
  gap_rows_.reset();
  making_.reset();
  session_.reset();
  watch_.disconnect();
  server_text_.disconnect();
  decoder_.reset();
  held_back_.reset();
  in_transaction_ = false;
  if (trouble_.empty()) trouble_ = "not connected";
}

}  // namespace tram::postgres
