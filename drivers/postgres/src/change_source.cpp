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
#include "outbox_watch.hpp"
#include "pgoutput_decoder.hpp"
#include "replication_protocol.hpp"
#include "replication_setup.hpp"
#include "sender_timeout.hpp"
#include "server_text.hpp"
#include "session.hpp"
#include "slot_holder.hpp"
#include "slot_making.hpp"
#include "slot_memory.hpp"
#include "table_rows.hpp"

namespace tram::postgres {
namespace {

// One read returns about this much at most, so that large rows do not pile up.
constexpr std::size_t read_bytes_max = std::size_t{1} << 20U;
constexpr Duration idle_interval = std::chrono::seconds{1};
constexpr Duration standby_interval = std::chrono::milliseconds{250};
/// While an answer of the server is due.
constexpr Duration soon = std::chrono::milliseconds{20};
/// The server notices within this time that a connection is gone.
constexpr Duration goodbye = std::chrono::seconds{1};
/// At a clean stop, so that nothing comes twice.
constexpr Duration last_look_patience = std::chrono::seconds{2};
constexpr Duration look_pause_shortest = std::chrono::milliseconds{10};
/// So much log without a row is worth storing a position, which makes some log by itself.
constexpr LogPosition quiet_log_max = LogPosition{16} << 10U;

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
        watch_{config_, clock},
        memory_{config_, name_of(config_)},
        server_text_{Target{config.connection, "tram-cdc"}, clock, config.connect_timeout} {}

  ChangeBatch read(std::size_t rows_max) override;
  void confirm(LogPosition position) override;
  void settled(RowPlace place) override { settled_ = place; }
  void flush() override;
  void rewind() override;
  int descriptor() const override { return session_ ? session_->socket() : -1; }
  Duration poll_interval() const override;
  ChangeSourceStatus status() const override;
  std::string held_rows_name() const override;

 private:
  void connect();
  Session open(Deadline deadline);
  void stand_by(SlotPosition const& slot);
  void make_slot(Session session, OutboxLook outbox);
  ChangeBatch next_batch(std::size_t rows_max);
  ChangeBatch continue_making(std::size_t rows_max);
  void follow(Session session, OutboxLook outbox, SlotPosition const& slot, Deadline deadline);
  [[nodiscard]] std::string missed_rows(Session& session, OutboxLook const& outbox,
                                        SlotPosition const& slot, Deadline deadline) const;
  void meet_server(SlotPosition const& slot);
  ChangeBatch fill_gap(std::size_t rows_max);
  void stream_from_here(Deadline deadline);
  void choose_encoding(Session& session, Deadline deadline);
  void read_table_as_bytes(Session& session, Deadline deadline);
  [[nodiscard]] PgoutputDecoder decoder(OutboxLook const& outbox, TextReader reader);
  [[nodiscard]] TextReader text_reader();
  void learn_type(std::uint32_t type);
  void await_own_predecessor(Session& session, Deadline deadline);
  void leave_stopping_server() const;
  void disconnect();
  void look();
  void settle();
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
  static std::string name_of(ChangeSourceConfig const& config);
  [[nodiscard]] LogPosition proven() const { return std::min(confirmed_, shown_up_to_); }
  [[nodiscard]] LogPosition tellable() const;
  [[nodiscard]] bool has_news() const { return tellable() > told_ || confirmed_ > said_; }
  [[nodiscard]] LogPosition wanted() const;
  [[nodiscard]] bool wants_look() const;
  [[nodiscard]] bool wants_memory() const;
  [[nodiscard]] Duration look_pause() const;
  [[nodiscard]] std::optional<std::uint64_t> behind() const;
  void go_on_behind(RowPlace place);
  [[nodiscard]] bool moved_on() const;
  [[nodiscard]] bool wants_place() const;
  void remember();
  void prove_the_rest();

  ChangeSourceConfig config_;
  Clock& clock_;
  Target target_;
  OutboxWatch watch_;
  SlotMemory memory_;
  /// On its way there, with the horizon.
  SlotMemory::Content remembering_;
  SteadyTime remembered_at_{};
  SlotHolder holder_;
  ServerText server_text_;
  TypeForms forms_;
  std::optional<SlotMaking> making_;
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
  /// What the server knows. It is not told of more than was looked up: while it knows less, a relay
  /// that starts anew finds the rows that were hidden from the log.
  LogPosition told_{};
  /// What others see of it.
  LogPosition said_{};
  /// Where the slot was when this session began.
  LogPosition begun_at_{};
  /// Of the rows that were given.
  LogPosition rows_end_{};
  /// Where the log ended when this session began, and how far the server has read it in this
  /// session: before, that it sends no rows says nothing.
  LogPosition log_end_{};
  LogPosition server_read_{};
  std::string history_;
  /// Positions of before mean nothing any more, which all batches tell up to one for rows.
  bool starts_over_{};
  /// How often at least the server hears from us.
  Duration tell_interval_{};
  SteadyTime told_at_{};
  SteadyTime heard_at_{};
  SteadyTime asked_at_{};
  bool standby_{};
  /// The outbox held nothing when the making of a slot began: what it holds since comes from it.
  bool was_empty_{};
  /// What this snapshot shows was there before a slot was wanted, and is to be skipped.
  std::string skipped_;
  /// The slot that is there can never be read to its end.
  bool replaces_slot_{};
  std::string trouble_{"not connected yet"};

  /// How the outbox was found when it was last known that the log shows all of it …
  std::optional<OutboxLook> known_;
  /// … and how it was found now. The two differ until the gap between them is closed.
  std::optional<OutboxLook> outbox_;
  /// The rows of the gap, while they are read.
  std::optional<TableRows> gap_rows_;
  /// The gap is closed when more than this is confirmed.
  std::optional<LogPosition> gap_open_at_;
  /// All rows of the gap were given, and no rewind asked for them again.
  bool gap_given_{};
  std::string last_trouble_;
  /// The log was silent up to here …
  LogPosition silent_up_to_{};
  /// … which is believed up to here.
  LogPosition looked_up_to_{};
  LogPosition shown_up_to_{};
};

ChangeBatch PgoutputSource::read(std::size_t rows_max) {
  try {
    auto batch = next_batch(rows_max);
    batch.starts_over = starts_over_;
    // Whoever asks for no rows may not look at what else there is.
    if (rows_max > 0) starts_over_ = false;
    return batch;
  } catch (Error const& error) {
    disconnect();
    standby_ = false;
    trouble_ = error.what();
    throw;
  }
}

ChangeBatch PgoutputSource::next_batch(std::size_t rows_max) {
  if (!session_ && !making_) connect();
  if (making_) return continue_making(rows_max);
  if (!session_) return {};  // A standby.
  if (gap_rows_) return fill_gap(rows_max);
  look();
  leave_stopping_server();
  return stream(rows_max);
}

void PgoutputSource::connect() {
  // Behind an error everything that was given is done by now.
  if (gap_open_at_ && std::exchange(gap_given_, false)) settle();
  auto const deadline = Deadline::after(clock_, config_.connect_timeout);
  auto session = open(deadline);
  await_own_predecessor(session, deadline);
  ReplicationSetup setup{session, config_, deadline};
  auto outbox = setup.outbox();
  forms_ = setup.column_types(outbox);
  auto const slot = setup.slot();
  if (!slot) setup.require_new_slot(outbox, was_empty_);
  else if (!slot->reader.empty() || slot->unfinished) return stand_by(*slot);
  if (!slot || replaces_slot_) {
    was_empty_ = was_empty_ || (!slot && !setup.holds_unpublished_rows(outbox));
    if (skipped_.empty()) skipped_ = setup.snapshot();
    return make_slot(std::move(session), std::move(outbox));
  }
  follow(std::move(session), std::move(outbox), *slot, deadline);
}

void PgoutputSource::make_slot(Session session, OutboxLook outbox) {
  std::string rows;
  if (replaces_slot_) {
    rows = rows_of_gap(
        outbox, {.from_transaction = outbox.horizon, .whole_tables = outbox.joined_behind_horizon});
  } else if (config_.missing_slot == MissingSlot::create_and_skip_existing_rows) {
    rows = rows_behind_snapshot(outbox, skipped_);
  } else {
    rows = unpublished_rows(outbox);
  }
  auto const deadline = Deadline::after(clock_, config_.connect_timeout);
  read_table_as_bytes(session, deadline);
  auto reader = decoder(outbox, text_reader());
  memory_.recall(session, ReplicationSetup{session, config_, deadline}.history(), deadline);
  making_.emplace(std::move(session), config_, std::move(outbox),
                  RowsToGive{.select = std::move(rows), .reader = std::move(reader)},
                  NewName{.old_slot = replaces_slot_ ? OldSlot::replaced : OldSlot::none,
                          .before = memory_.forget()},
                  clock_);
  standby_ = false;
}

ChangeBatch PgoutputSource::continue_making(std::size_t rows_max) {
  auto batch = making_->read(rows_max);
  // Positions count rows now, whatever log was read before.
  if (std::exchange(confirmed_, 0) > 0) starts_over_ = true;
  trouble_ = making_->trouble();
  if (!making_->done()) return batch;

  auto const deadline = Deadline::after(clock_, config_.connect_timeout);
  auto session = std::move(*making_).take_session();
  known_ = making_->outbox();
  making_.reset();
  replaces_slot_ = false;
  skipped_.clear();
  ReplicationSetup setup{session, config_, deadline};
  auto outbox = setup.outbox();
  forms_ = setup.column_types(outbox);
  auto const slot = setup.slot();
  // Everything that the slot was to show is behind its beginning.
  known_->horizon = outbox.horizon;
  told_ = slot ? slot->confirmed : 0;
  if (slot) follow(std::move(session), std::move(outbox), *slot, deadline);
  return batch;
}

/// How to read what the log does not show though nobody published it; empty when there is nothing.
std::string PgoutputSource::missed_rows(Session& session, OutboxLook const& outbox,
                                        SlotPosition const& slot, Deadline deadline) const {
  if (slot.copy && slot.copy->rows == 0) return "";
  if (slot.copy) return rows_around(outbox, slot.copy->horizon, slot.copy->rows);
  // No relay moved the slot that far, or made it.
  if (memory_.position() > 0 && slot.confirmed > memory_.position()) {
    auto const since = ReplicationSetup{session, config_, deadline}.look(memory_.horizon());
    return rows_of_gap(outbox, {.from_transaction = memory_.horizon(),
                                .whole_tables = since.joined_behind_horizon});
  }
  auto missed = known_ ? gap_between(*known_, outbox) : gap_behind_horizon(outbox);
  // Somebody else moved the slot, and what lies between was not shown here.
  if (known_ && slot.confirmed > told_) {
    if (!missed) missed.emplace();
    missed->from_transaction = known_->horizon;
  }
  return missed ? rows_of_gap(outbox, *missed) : "";
}

/// Another one than before, or the first one.
void PgoutputSource::meet_server(SlotPosition const& slot) {
  if (!history_.empty()) {
    known_.reset();
    shown_up_to_ = looked_up_to_ = 0;
    starts_over_ = true;
  }
  told_ = confirmed_ = slot.confirmed;
  rows_end_ = 0;
  settled_ = {};
  history_ = slot.history;
}

/// Streams from the slot, behind the rows of the table that it may not show.
void PgoutputSource::follow(Session session, OutboxLook outbox, SlotPosition const& slot,
                            Deadline deadline) {
  if (slot.history != history_) meet_server(slot);
  memory_.recall(session, slot.history, deadline);
  if (!memory_.counts_alike(outbox)) settled_ = {};
  memory_.count(outbox);
  go_on_behind(memory_.settled());
  auto const select = missed_rows(session, outbox, slot, deadline);
  confirmed_ = std::max(confirmed_, slot.confirmed);
  told_ = said_ = begun_at_ = slot.confirmed;
  log_end_ = slot.log_end;
  session_ = std::move(session);
  outbox_ = std::move(outbox);
  standby_ = false;
  trouble_.clear();
  watch_.begin();
  if (select.empty()) {
    settle();
    return stream_from_here(deadline);
  }
  gap_open_at_ = confirmed_;
  gap_given_ = false;
  read_table_as_bytes(*session_, deadline);
  session_->query("SET statement_timeout = 0", deadline);
  gap_rows_.emplace(TableRows::kept_by_server(
      *session_, {.select = select, .reader = decoder(*outbox_, text_reader())},
      Deadline::after(clock_, table_patience)));
}

ChangeBatch PgoutputSource::fill_gap(std::size_t rows_max) {
  ChangeBatch batch{.rows = {}, .seen_up_to = {}, .at_end = false, .starts_over = {}};
  if (rows_max == 0) return batch;
  auto const deadline = Deadline::after(clock_, config_.connect_timeout);
  batch.rows = gap_rows_->next(rows_max, deadline);
  if (!batch.rows.empty()) return batch;
  gap_rows_.reset();
  gap_given_ = true;
  // No place in the log: it tells that the rows are done.
  batch.seen_up_to = *gap_open_at_ + 1;
  stream_from_here(deadline);
  return batch;
}

/// The log shows all of the outbox as it is now.
void PgoutputSource::settle() {
  known_ = outbox_;
  gap_open_at_.reset();
}

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

// Not an error: two relays may run so that one takes over when the other goes. That somebody holds
// the slot does not tell yet that somebody publishes.
void PgoutputSource::stand_by(SlotPosition const& slot) {
  auto const now = clock_.steady();
  holder_.seen(slot, now);
  standby_ = holder_.works(now);
  // What the other one publishes is not missed here.
  if (standby_) known_.reset();
  trouble_ = "slot '" + config_.slot + "' of " + target_.name() + " " + holder_.describe(now);
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
    if (std::string_view{error.what()}.find("SQLSTATE 55006") == std::string_view::npos) throw;
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
  std::set<std::uint32_t> parts;
  for (auto const& [number, mark] : outbox.tables) {
    parts.insert(static_cast<std::uint32_t>(std::stoul(number)));
  }
  return {outbox.schema, outbox.table, forms_, std::move(reader), std::move(parts)};
}

/// Of texts that come as the server stores them.
TextReader PgoutputSource::text_reader() {
  // What is no UTF-8 is found when its record is made.
  if (encoding_ == "SQL_ASCII" || encoding_ == "UTF8") return {};
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
  server_text_.disconnect();
  decoder_.reset();
  held_back_.reset();
  in_transaction_ = false;
  if (trouble_.empty()) trouble_ = "not connected";
}

/// The log is silent also where it does not show what there is: a look at the catalog tells.
void PgoutputSource::look() {
  watch_.step();
  auto const now = watch_.take();
  if (!now) return;
  auto const place = "postgresql: the log of " + target_.name();
  if (!now->trouble.empty()) {
    // The server may show one look the catalog in the middle of a change: two say the same.
    if (std::exchange(last_trouble_, now->trouble) != now->trouble) return;
    throw Error{Fault::rejected, place + " does not show the outbox: " + now->trouble};
  }
  last_trouble_.clear();
  if (gap_between(*outbox_, *now)) {
    throw Error{Fault::transient, place + " may have passed over rows, since the table or the "
                                          "publication was changed; the rows written since then "
                                          "are read from the table"};
  }
  // Nothing changed between the two looks, so nothing was hidden before the end of the first.
  looked_up_to_ = outbox_->log_end;
  bool const settled = !gap_open_at_;
  if (settled) shown_up_to_ = looked_up_to_;
  outbox_ = *now;
  if (settled) known_ = outbox_;
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
  auto const believed = std::min(silent_up_to_, looked_up_to_);
  if (!in_transaction_ && believed > confirmed_) batch.seen_up_to = believed;
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
    replaces_slot_ = config_.missing_slot != MissingSlot::refuse;
    auto const state = std::string{error.what()} +
                       "; the slot is older than the publication, and "
                       "shows nothing of what was committed between them";
    if (replaces_slot_)
      throw Error{Fault::transient, state + ": it is made anew, behind the rows of the table"};
    throw Error{Fault::rejected, state + "; drop it (SELECT pg_drop_replication_slot(" +
                                     sql_text(config_.slot) + ")), and start with " +
                                     std::string{publish_existing_rows}};
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
  if (!in_transaction_) silent_up_to_ = std::max(silent_up_to_, keepalive.end);
  if (keepalive.reply == Keepalive::Reply::not_asked) return;
  tell_position(AskReply::no);
  watch_.look_soon();
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
      held_back_->ends_at = rows_end_ = end->end;
      batch.rows.push_back(std::move(*held_back_));
      held_back_.reset();
    }
    silent_up_to_ = std::max(silent_up_to_, end->end);
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
  if (making_) return making_->confirm(position);
  bool const of_gap = gap_open_at_ && position == *gap_open_at_ + 1;
  if (!of_gap) confirmed_ = std::max(confirmed_, position);
  if (gap_open_at_ && position > *gap_open_at_) settle();
  if (!decoder_) return;
  try {
    if (has_news() && clock_.steady() - told_at_ >= config_.status_interval)
      tell_position(AskReply::no);
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
  if (wants_look()) watch_.look_within(look_pause());
  remember();
  bool const silent = now - std::max(heard_at_, asked_at_) >= config_.probe_interval;
  bool const due = has_news() && now - told_at_ >= config_.status_interval;
  // Said also without need, so that the server does not give up a relay that waits for its broker
  // (wal_sender_timeout).
  bool const overdue = now - told_at_ >= tell_interval_;
  if (silent) asked_at_ = now;
  if (silent || due || overdue) tell_position(silent ? AskReply::yes : AskReply::no);
}

/// Up to where nothing that is unpublished would be passed over, and it is stored so.
LogPosition PgoutputSource::tellable() const {
  auto const most = memory_.works() ? memory_.position() : std::numeric_limits<LogPosition>::max();
  return std::max(told_, std::min(proven(), most));
}

/// Without it rows would come twice after a restart.
LogPosition PgoutputSource::wanted() const {
  return std::min(confirmed_, std::max(rows_end_, told_));
}

bool PgoutputSource::wants_look() const { return !gap_open_at_ && wanted() > shown_up_to_; }

bool PgoutputSource::wants_memory() const {
  return memory_.works() && !gap_open_at_ && wanted() > memory_.position();
}

Duration PgoutputSource::look_pause() const {
  return std::min<Duration>(std::max<Duration>(config_.status_interval, look_pause_shortest),
                            config_.look_interval);
}

/// What another process has settled, too.
void PgoutputSource::go_on_behind(RowPlace place) {
  bool const further = place.transaction > settled_.transaction ||
                       (place.transaction == settled_.transaction && place.row > settled_.row);
  if (further) settled_ = place;
}

/// A position that moved without rows is stored once, so that the slot is seen to move, and then
/// seldom: what is written for it moves the log again.
bool PgoutputSource::moved_on() const {
  auto const position = proven();
  if (position <= memory_.position()) return false;
  bool const first = memory_.position() <= begun_at_;
  return first || wants_memory() || position - memory_.position() >= quiet_log_max;
}

/// Of a transaction that is published in part.
bool PgoutputSource::wants_place() const {
  auto const stored = memory_.settled();
  bool const open = settled_.row > 0 && settled_.transaction >= confirmed_;
  bool const news = settled_.transaction != stored.transaction || settled_.row > stored.row;
  return memory_.works() && memory_.position() > 0 && !gap_open_at_ && open && news;
}

/// Before the server is told.
void PgoutputSource::remember() {
  if (!memory_.works() || !known_) return;
  if (watch_.take_written()) memory_.stored(remembering_);
  auto const now = clock_.steady();
  bool const place = wants_place() && now - remembered_at_ >= config_.status_interval;
  if (watch_.writes() || !(place || moved_on())) return;
  remembered_at_ = now;
  remembering_ = {.position = std::max(proven(), memory_.position()),
                  .horizon = known_->horizon,
                  .settled = settled_};
  watch_.write(memory_.store(remembering_));
}

void PgoutputSource::tell_position(AskReply asks) {
  auto const position = tellable();
  LogProgress const progress{.published = confirmed_, .freed = position};
  auto const message = status_update(progress, clock_.wall(), asks);
  auto* const connection = session_->connection();
  if (PQputCopyData(connection, message.data(), static_cast<int>(message.size())) < 0 ||
      PQflush(connection) < 0)
    session_->lost();
  told_ = position;
  said_ = confirmed_;
  told_at_ = clock_.steady();
}

/// So that a clean stop repeats nothing. Where it cannot be, some rows come again.
void PgoutputSource::prove_the_rest() {
  auto const patience = Deadline::after(clock_, last_look_patience);
  try {
    while (wants_look() || wants_memory() || wants_place()) {
      if (patience.reached(clock_)) return;
      if (wants_look()) watch_.look_within(Duration::zero());
      look();
      remember();
      clock_.pause(std::chrono::milliseconds{1});
    }
  } catch (Error const&) {
    return;  // The next relay meets the same trouble, and tells of it.
  }
}

void PgoutputSource::flush() {
  if (!decoder_) return disconnect();
  prove_the_rest();
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
  if (making_) return soon;
  if (!session_) return standby_interval;
  if (gap_rows_) return Duration::zero();
  auto const interval =
      has_news() ? std::min(config_.status_interval, tell_interval_) : tell_interval_;
  auto const next_look = wants_look() ? look_pause() : config_.look_interval;
  auto const longest =
      watch_.busy() || watch_.writes() ? soon : std::min<Duration>(idle_interval, next_look);
  return std::clamp<Duration>(told_at_ + interval - clock_.steady(), Duration::zero(), longest);
}

/// Of the slot; the usual one has the name that a relay has by itself, which no other can get.
std::string PgoutputSource::held_rows_name() const { return name_of(config_); }

std::string PgoutputSource::name_of(ChangeSourceConfig const& config) {
  return held_rows_name_of(config.slot == "tram" ? "relay" : "slot:" + config.slot, config.table);
}

/// What the slot keeps, without what is published already.
std::optional<std::uint64_t> PgoutputSource::behind() const {
  auto const kept = watch_.kept_bytes();
  if (!kept) return std::nullopt;
  return *kept - std::min<std::uint64_t>(*kept, confirmed_ - std::min(told_, confirmed_));
}

ChangeSourceStatus PgoutputSource::status() const {
  auto trouble = trouble_;
  if (trouble.empty() && session_) trouble = watch_.trouble();
  if (trouble.empty() && watch_.in_danger()) {
    trouble = "slot '" + config_.slot +
              "' keeps more log than max_slot_wal_keep_size allows and may lose it; let the relay "
              "catch up, or "
              "raise the setting";
  }
  return {.connected = session_.has_value(),
          .standby = standby_,
          .behind = behind(),
          .trouble = trouble,
          .shown_up_to = shown_up_to_};
}

}  // namespace

std::unique_ptr<ChangeSource> change_source(ChangeSourceConfig const& config, Clock& clock) {
  auto const problem = problem_of_slot_name(config.slot);
  if (!problem.empty()) throw Error{Fault::rejected, "postgresql: the replication slot " + problem};
  return std::make_unique<PgoutputSource>(config, clock);
}

}  // namespace tram::postgres
