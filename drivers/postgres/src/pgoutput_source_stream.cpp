#include "pgoutput_source.hpp"

#include <algorithm>
#include <utility>

#include "faults.hpp"

namespace tram::postgres {
namespace {

// One read returns about this much at most, so that large rows do not pile up.
constexpr std::size_t read_bytes_max = std::size_t{1} << 20U;

std::size_t size_of(std::optional<std::string> const& text) { return text ? text->size() : 0; }
std::size_t size_of(OutboxRow const& row) {
  return row.destination.size() + size_of(row.headers) + size_of(row.payload);
}

/// A character without equivalent, or bytes that are no character: of one row, and of all that come
/// behind it for as long as the server has to convert it.
bool blames_a_text(Error const& error) {
  return error.sqlstate() == "22P05" || error.sqlstate() == "22021";
}

}  // namespace

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
  if (auto const number = parts_.news(*now); !number.empty()) {
    throw Error{Fault::transient, place + " may not show rows of table number " + number +
                                      ", which left another table; looking for it in the catalog"};
  }
  if (gap_between(*outbox_, *now)) {
    throw Error{Fault::transient, place + " may have passed over rows, since the table or the "
                                          "publication was changed; the rows written since then "
                                          "are read from the table"};
  }
  // Nothing changed between the two looks, so nothing was hidden before the end of the first,
  // unless a change was on its way then.
  if (outbox_->changing.empty()) looked_up_to_ = outbox_->log_end;
  bool const settled = !gap_open_at_;
  if (settled) shown_up_to_ = looked_up_to_;
  // What may have been hidden since is found from the last look that proves something.
  if (!now->changing.empty()) return;
  outbox_ = *now;
  if (settled) settle();
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
  if (!in_transaction_ && believed > confirmed_) batch.seen_up_to = LogPosition{believed};
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
    if (error.sqlstate() != "42704") throw error;
    replaces_slot_ = config_.new_slot != NewSlot::refuse;
    // It is there by now: to create it would not help.
    auto const state = "postgresql: reading the log failed: " +
                       std::string{field(result.get(), PG_DIAG_MESSAGE_PRIMARY)} +
                       " (SQLSTATE 42704); the slot is older than the publication, and shows "
                       "nothing of what was committed between them";
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
      rows_end_ = end->end;
      held_back_->ends_at = LogPosition{rows_end_};
      batch.rows.push_back(std::move(*held_back_));
      held_back_.reset();
    }
    silent_up_to_ = std::max(silent_up_to_, end->end);
  } else if (auto const* begin = std::get_if<TransactionBegin>(&change)) {
    in_transaction_ = true;
    place_ = {.transaction = LogPosition{begin->commit}};
  } else if (auto const* doubtful = std::get_if<DoubtfulRow>(&change)) {
    doubt(*doubtful);
  }
}

/// The next session looks at the catalog first. What is in doubt then, only people know.
void PgoutputSource::doubt(DoubtfulRow const& row) {
  auto const what = "postgresql: the log of " + target_.name() + " shows rows of table " +
                    row.name + " (number " + std::to_string(row.table) +
                    "), which may have been a part of the outbox";
  if (doubted_.insert(row.table).second)
    throw Error{Fault::transient, what + "; looking for it in the catalog"};
  throw Error{Fault::rejected, what + " and is none now; " +
                                   parts_.how_to_answer({parts_.table(std::to_string(row.table))})};
}

void PgoutputSource::take(OutboxRow row, ChangeBatch& batch) {
  ++place_.row;
  if (place_.transaction == settled_.transaction && place_.row <= settled_.row) return;
  row.place = place_;
  ++rows_since_told_;
  if (held_back_) batch.rows.push_back(std::move(*held_back_));
  held_back_ = std::move(row);
}

}  // namespace tram::postgres
