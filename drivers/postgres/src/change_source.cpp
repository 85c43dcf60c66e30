#include "tram/postgres/change_source.hpp"

#include <poll.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "faults.hpp"
#include "log_meter.hpp"
#include "pgoutput_decoder.hpp"
#include "replication_protocol.hpp"
#include "replication_setup.hpp"
#include "sender_timeout.hpp"
#include "server_text.hpp"
#include "session.hpp"

namespace tram::postgres {
namespace {

// One read returns about this much at most, so that large rows do not pile up.
constexpr std::size_t read_bytes_max = std::size_t{1} << 20U;
constexpr Duration idle_interval = std::chrono::seconds{1};
constexpr Duration standby_interval = std::chrono::milliseconds{250};
constexpr Duration measuring_interval = std::chrono::milliseconds{50};

std::size_t size_of(std::optional<std::string> const& text) { return text ? text->size() : 0; }
std::size_t size_of(OutboxRow const& row) {
  return row.destination.size() + size_of(row.headers) + size_of(row.payload);
}

/// A character without equivalent, or bytes that are no character: of one row, and of all that come
/// behind it for as long as the server has to convert it.
bool blames_a_text(Error const& error) {
  std::string_view const text{error.what()};
  return text.find("SQLSTATE 22P05") != std::string_view::npos ||
         text.find("SQLSTATE 22021") != std::string_view::npos;
}

class PgoutputSource final : public ChangeSource {
 public:
  PgoutputSource(ChangeSourceConfig const& config, Clock& clock)
      : config_{config},
        clock_{clock},
        target_{config.connection, "tram-cdc", {{"replication", "database"}}},
        meter_{Target{config.connection, "tram-cdc"}, config.slot, config.measure_interval, clock},
        server_text_{Target{config.connection, "tram-cdc"}, clock, config.connect_timeout} {}

  ChangeBatch read(std::size_t rows_max) override;
  void confirm(LogPosition position) override;
  void settled(RowPlace place) override { settled_ = place; }
  void flush() override;
  void rewind() override { disconnect(); }
  int descriptor() const override { return session_ ? session_->socket() : -1; }
  Duration poll_interval() const override;
  ChangeSourceStatus status() const override;
  std::string held_rows_name() const override;

 private:
  void connect();
  Session open(Deadline deadline);
  void stand_by(std::string const& reader);
  bool start(Session& session, LogPosition from, Deadline deadline);
  void choose_encoding(Session& session, Deadline deadline);
  [[nodiscard]] TextReader text_reader();
  void learn_type(std::uint32_t type);
  void await_own_predecessor(Session& session, Deadline deadline);
  void leave_stopping_server() const;
  void disconnect();
  ChangeBatch stream(std::size_t rows_max);
  [[nodiscard]] std::optional<std::string_view> next_message();
  void end_of_stream();
  void read_as_bytes_next();
  void take(std::string_view message, ChangeBatch& batch);
  void take_change(std::string_view payload, ChangeBatch& batch);
  void take(Change change, ChangeBatch& batch);
  void take(OutboxRow row, ChangeBatch& batch);
  void keep_in_touch();
  void tell_position(AskReply asks);

  ChangeSourceConfig config_;
  Clock& clock_;
  Target target_;
  LogMeter meter_;
  ServerText server_text_;
  std::optional<Session> session_;
  std::optional<PgoutputDecoder> decoder_;
  Buffer message_;
  int server_process_{};

  /// The row read last: only what follows tells whether it is the last one of its transaction.
  std::optional<OutboxRow> held_back_;
  bool in_transaction_{};
  std::string encoding_;
  /// The log comes as the server stores it: a text that it cannot convert would end it each time.
  bool as_bytes_{};
  /// Until the transaction with such a text is confirmed.
  LogPosition as_bytes_until_{};
  /// Types that were asked about once; asked again, the answer is the same.
  std::set<std::uint32_t> strange_types_;
  /// The row read last, also when it was passed over.
  RowPlace place_;
  /// Rows up to here are settled: a server that starts a transaction anew shows them again.
  RowPlace settled_;
  LogPosition confirmed_{};
  LogPosition told_{};
  /// Where the log ended when this session began, and how far the server has read it in this
  /// session: before, that it sends no rows says nothing.
  LogPosition log_end_{};
  LogPosition server_read_{};
  std::string history_;
  /// How often at least the server hears from us.
  Duration tell_interval_{};
  SteadyTime told_at_{};
  SteadyTime heard_at_{};
  SteadyTime asked_at_{};
  bool standby_{};
  std::string trouble_{"not connected yet"};
};

ChangeBatch PgoutputSource::read(std::size_t rows_max) {
  try {
    if (!session_) connect();
    meter_.step();
    if (!session_) return {};  // A standby.
    leave_stopping_server();
    return stream(rows_max);
  } catch (Error const& error) {
    disconnect();
    standby_ = false;
    trouble_ = error.what();
    throw;
  }
}

void PgoutputSource::connect() {
  auto const deadline = Deadline::after(clock_, config_.connect_timeout);
  auto session = open(deadline);
  await_own_predecessor(session, deadline);
  ReplicationSetup setup{session, config_, deadline};
  auto const outbox = setup.outbox();
  auto forms = setup.column_types(outbox);
  auto const slot = setup.prepare(outbox);
  if (!slot.reader.empty()) return stand_by(slot.reader);
  if (slot.history != history_) {
    confirmed_ = slot.confirmed;
    settled_ = {};
  }
  confirmed_ = std::max(confirmed_, slot.confirmed);
  history_ = slot.history;
  tell_interval_ =
      status_interval_for(settle_sender_timeout(session, deadline), config_.probe_interval);
  choose_encoding(session, deadline);
  if (!start(session, confirmed_, deadline)) return stand_by("unknown");

  server_process_ = PQbackendPID(session.connection());
  session_ = std::move(session);
  decoder_.emplace(outbox.schema, outbox.table, std::move(forms), text_reader());
  standby_ = false;
  told_ = server_read_ = confirmed_;
  log_end_ = slot.log_end;
  told_at_ = heard_at_ = asked_at_ = clock_.steady();
  meter_.begin_anew();
  trouble_.clear();
  if (server_read_ < log_end_) tell_position(AskReply::yes);
}

Session PgoutputSource::open(Deadline deadline) {
  try {
    return Session::open(target_, clock_, deadline);
  } catch (Error const& error) {
    if (error.fault() != Fault::rejected ||
        std::string_view{error.what()}.find("SQLSTATE 42501") == std::string_view::npos)
      throw;
    throw Error{Fault::rejected, "postgresql: role '" + target_.user() +
                                     "' may not read the log of " + target_.name() +
                                     "; run: ALTER ROLE " + target_.user() + " REPLICATION"};
  }
}

// After a rewind the server may need a moment to notice that the last connection is gone.
void PgoutputSource::await_own_predecessor(Session& session, Deadline deadline) {
  if (server_process_ == 0) return;
  auto const busy = "SELECT 1 FROM pg_replication_slots WHERE slot_name = " +
                    quote_text(session.connection(), config_.slot) +
                    " AND active_pid = " + std::to_string(server_process_);
  while (PQntuples(session.query(busy, deadline).get()) > 0 && !deadline.reached(clock_)) {
    clock_.pause(std::chrono::milliseconds{2});
  }
}

// Not an error: two relays may run so that one takes over when the other goes.
void PgoutputSource::stand_by(std::string const& reader) {
  standby_ = true;
  trouble_ = "slot '" + config_.slot + "' of " + target_.name() +
             " is being read by another relay (process " + reader +
             " of the server); waiting to take over";
}

// False when somebody else reads the slot.
bool PgoutputSource::start(Session& session, LogPosition from, Deadline deadline) {
  auto const publication = "\"" + config_.publication + "\"";
  try {
    session.query("START_REPLICATION SLOT " + quote_name(session.connection(), config_.slot) +
                      " LOGICAL " + format_lsn(from) + " (proto_version '1', publication_names " +
                      quote_text(session.connection(), publication) + ")",
                  deadline);
  } catch (Error const& error) {
    if (std::string_view{error.what()}.find("SQLSTATE 55006") == std::string_view::npos) throw;
    return false;
  }
  return true;
}

/// The server converts into UTF-8 as long as it can: what it cannot convert is found out one by
/// one.
void PgoutputSource::choose_encoding(Session& session, Deadline deadline) {
  auto const* const encoding = PQparameterStatus(session.connection(), "server_encoding");
  encoding_ = encoding == nullptr ? "UTF8" : encoding;
  as_bytes_ = encoding_ == "SQL_ASCII" || confirmed_ < as_bytes_until_;
  session.query("SET bytea_output = 'hex'", deadline);
  if (as_bytes_) session.query("SET client_encoding = 'SQL_ASCII'", deadline);
}

TextReader PgoutputSource::text_reader() {
  // What is no UTF-8 is found when its record is made.
  if (!as_bytes_ || encoding_ == "SQL_ASCII" || encoding_ == "UTF8") return {};
  return [this](std::string const& bytes) { return server_text_.to_utf8(bytes, encoding_); };
}

void PgoutputSource::read_as_bytes_next() {
  as_bytes_until_ =
      in_transaction_ ? place_.transaction + 1 : std::numeric_limits<LogPosition>::max();
}

/// The table changed under us; a new session looks at its columns again.
void PgoutputSource::learn_type(std::uint32_t type) {
  if (type == 0 || !strange_types_.insert(type).second) return;
  throw Error{Fault::transient, "postgresql: the columns of the outbox in " + target_.name() +
                                    " changed; connecting again to look at them"};
}

/// It stops only when everything it ever sent is confirmed, or when nobody reads its log any more.
void PgoutputSource::leave_stopping_server() const {
  if (!meter_.server_stops()) return;
  throw Error{
      Fault::transient,
      "postgresql: " + target_.name() +
          " takes no connections and is stopping or starting; the relay leaves so as not to "
          "keep it, and connects again by itself"};
}

void PgoutputSource::disconnect() {
  message_.reset();
  session_.reset();
  server_text_.disconnect();
  decoder_.reset();
  held_back_.reset();
  in_transaction_ = false;
  if (trouble_.empty()) trouble_ = "not connected";
}

ChangeBatch PgoutputSource::stream(std::size_t rows_max) {
  ChangeBatch batch;
  // Whoever takes no rows does not hear the server either, and must not take it for silent.
  if (rows_max == 0) heard_at_ = clock_.steady();
  std::size_t bytes = 0;
  bool looked = false;
  while (batch.rows.size() < rows_max && bytes < read_bytes_max) {
    if (auto const message = next_message()) {
      auto const before = batch.rows.size();
      take(*message, batch);
      if (batch.rows.size() > before) bytes += size_of(batch.rows.back());
    } else if (std::exchange(looked, true)) {
      break;
    } else if (PQconsumeInput(session_->connection()) == 0) {
      session_->lost();
    }
  }
  keep_in_touch();
  batch.at_end = !in_transaction_ && server_read_ >= log_end_;
  return batch;
}

std::optional<std::string_view> PgoutputSource::next_message() {
  char* bytes = nullptr;
  int const length = PQgetCopyData(session_->connection(), &bytes, 1);
  message_.reset(bytes);
  if (length > 0) return std::string_view{bytes, static_cast<std::size_t>(length)};
  if (length < 0) end_of_stream();
  return std::nullopt;
}

void PgoutputSource::end_of_stream() {
  Result const result{PQgetResult(session_->connection())};
  if (result && PQresultErrorField(result.get(), PG_DIAG_SQLSTATE) != nullptr) {
    auto const error = statement_error("reading the log", result.get());
    if (!as_bytes_ && blames_a_text(error)) {
      read_as_bytes_next();
      throw Error{Fault::transient,
                  std::string{error.what()} + "; reading the texts of this transaction one by one"};
    }
    if (std::string_view{error.what()}.find("SQLSTATE 42704") == std::string_view::npos)
      throw error;
    throw Error{Fault::rejected,
                std::string{error.what()} +
                    "; the slot is older than the publication: drop the slot and let it be "
                    "made again, or take over with \"tram-cdc takeover\""};
  }
  session_->lost();
}

void PgoutputSource::take(std::string_view message, ChangeBatch& batch) {
  heard_at_ = clock_.steady();
  auto const parsed = parse_stream_message(message);
  if (auto const* data = std::get_if<LogData>(&parsed)) return take_change(data->payload, batch);
  auto const& keepalive = std::get<Keepalive>(parsed);
  server_read_ = std::max(server_read_, keepalive.end);
  // Within a transaction the server's place in the log is no place to start from.
  if (!in_transaction_ && keepalive.end > confirmed_) batch.seen_up_to = keepalive.end;
  if (keepalive.reply == Keepalive::Reply::not_asked) return;
  tell_position(AskReply::no);
  meter_.look_soon();
}

void PgoutputSource::take_change(std::string_view payload, ChangeBatch& batch) {
  auto change = decoder_->decode(payload);
  learn_type(decoder_->unknown_type());
  take(std::move(change), batch);
}

void PgoutputSource::take(Change change, ChangeBatch& batch) {
  if (auto* row = std::get_if<OutboxRow>(&change)) {
    take(std::move(*row), batch);
  } else if (auto const* end = std::get_if<TransactionEnd>(&change)) {
    in_transaction_ = false;
    server_read_ = std::max(server_read_, end->end);
    if (held_back_) {
      held_back_->ends_at = end->end;
      batch.rows.push_back(std::move(*held_back_));
      held_back_.reset();
    } else {
      batch.seen_up_to = end->end;
    }
  } else if (auto const* begin = std::get_if<TransactionBegin>(&change)) {
    in_transaction_ = true;
    place_ = {.transaction = begin->commit};
  }
}

void PgoutputSource::take(OutboxRow row, ChangeBatch& batch) {
  ++place_.row;
  if (place_.transaction == settled_.transaction && place_.row <= settled_.row) return;
  row.place = place_;
  if (held_back_) batch.rows.push_back(std::move(*held_back_));
  held_back_ = std::move(row);
}

void PgoutputSource::confirm(LogPosition position) {
  confirmed_ = std::max(confirmed_, position);
  if (!session_) return;
  try {
    if (clock_.steady() - told_at_ >= config_.status_interval) tell_position(AskReply::no);
  } catch (Error const&) {
    return;  // The next read meets the same trouble, tells of it and connects again.
  }
}

void PgoutputSource::keep_in_touch() {
  auto const now = clock_.steady();
  if (now - heard_at_ >= config_.silence_max) {
    throw Error{Fault::broken, "postgresql: " + target_.name() +
                                   " has said nothing for too long; connecting again"};
  }
  bool const silent = now - std::max(heard_at_, asked_at_) >= config_.probe_interval;
  bool const due = confirmed_ != told_ && now - told_at_ >= config_.status_interval;
  // Said also without need, so that the server does not give up a relay that waits for its broker
  // (wal_sender_timeout).
  bool const overdue = now - told_at_ >= tell_interval_;
  if (silent) asked_at_ = now;
  if (silent || due || overdue) tell_position(silent ? AskReply::yes : AskReply::no);
}

void PgoutputSource::tell_position(AskReply asks) {
  auto const message = status_update(confirmed_, clock_.wall(), asks);
  auto* const connection = session_->connection();
  if (PQputCopyData(connection, message.data(), static_cast<int>(message.size())) < 0 ||
      PQflush(connection) < 0)
    session_->lost();
  told_ = confirmed_;
  told_at_ = clock_.steady();
}

void PgoutputSource::flush() {
  if (!session_) return;
  auto const deadline = Deadline::after(clock_, config_.connect_timeout);
  auto* const connection = session_->connection();
  tell_position(AskReply::no);
  if (PQputCopyEnd(connection, nullptr) < 0) session_->lost();
  session_->flush(deadline);
  // The server ends the stream after it has taken the position.
  char* bytes = nullptr;
  int length = 0;
  while ((length = PQgetCopyData(connection, &bytes, 1)) >= 0) {
    message_.reset(std::exchange(bytes, nullptr));
    if (length > 0) continue;
    session_->wait(POLLIN, deadline);
    if (PQconsumeInput(connection) == 0) session_->lost();
  }
  while (session_->next_result(deadline)) {}
  disconnect();
}

Duration PgoutputSource::poll_interval() const {
  if (!session_) return standby_ ? standby_interval : Duration::zero();
  auto const interval =
      confirmed_ == told_ ? tell_interval_ : std::min(config_.status_interval, tell_interval_);
  return std::clamp<Duration>(told_at_ + interval - clock_.steady(), Duration::zero(),
                              meter_.busy() ? measuring_interval : idle_interval);
}

/// Of the slot; the usual one has the name that a relay has by itself, which no other can get.
std::string PgoutputSource::held_rows_name() const {
  return held_rows_name_of(config_.slot == "tram" ? "relay" : "slot:" + config_.slot,
                           config_.table);
}

ChangeSourceStatus PgoutputSource::status() const {
  auto trouble = trouble_;
  if (trouble.empty() && meter_.in_danger()) {
    trouble = "slot '" + config_.slot +
              "' keeps more log than max_slot_wal_keep_size allows and may lose it; let the relay "
              "catch up, or "
              "raise the setting";
  }
  return {.connected = session_.has_value(),
          .standby = standby_,
          .behind = meter_.kept_bytes(),
          .trouble = trouble};
}

}  // namespace

std::unique_ptr<ChangeSource> change_source(ChangeSourceConfig const& config, Clock& clock) {
  return std::make_unique<PgoutputSource>(config, clock);
}

}  // namespace tram::postgres
