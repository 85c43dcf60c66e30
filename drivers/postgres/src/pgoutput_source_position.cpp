#include "pgoutput_source.hpp"

#include <poll.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace tram::postgres {
namespace {

/// At a clean stop, so that nothing comes twice.
constexpr Duration last_look_patience = std::chrono::seconds{2};
constexpr Duration look_pause_shortest = std::chrono::milliseconds{10};
/// So much log without a row is worth storing a position, which makes some log by itself.
constexpr Lsn quiet_log_max = Lsn{16} << 10U;
/// What a killed relay has not told comes twice.
constexpr std::size_t untold_rows_max = 500;

}  // namespace

void PgoutputSource::confirm(LogPosition reached) {
  // Of the server that was there before: nobody was told yet that this is another one.
  if (starts_over_) return;
  auto const position = reached.number();
  if (making_) return making_->confirm(position);
  bool const of_gap = gap_open_at_ && position == *gap_open_at_ + 1;
  if (!of_gap) confirmed_ = std::max(confirmed_, position);
  if (gap_open_at_ && position > *gap_open_at_) settle();
  if (!decoder_) return;
  try {
    if (is_news_due()) tell_position(AskReply::no);
  } catch (Error const&) {
    return;  // The next read meets the same trouble, tells of it and connects again.
  }
}

void PgoutputSource::settled(RowPlace place) {
  if (starts_over_) return;
  settled_ = place;
}

bool PgoutputSource::is_news_due() const {
  if (tellable() > told_ && rows_since_told_ >= untold_rows_max) return true;
  return has_news() && clock_.steady() - told_at_ >= config_.status_interval;
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
  // Said also without need, so that the server does not give up a relay that waits for its broker
  // (wal_sender_timeout).
  bool const overdue = now - told_at_ >= tell_interval_;
  if (silent) asked_at_ = now;
  if (silent || overdue || is_news_due()) tell_position(silent ? AskReply::yes : AskReply::no);
}

/// Up to where nothing that is unpublished would be passed over, and it is stored so.
Lsn PgoutputSource::tellable() const {
  auto const most = memory_.works() ? memory_.position() : std::numeric_limits<Lsn>::max();
  return std::max(told_, std::min(proven(), most));
}

/// Without it rows would come twice after a restart.
Lsn PgoutputSource::wanted() const { return std::min(confirmed_, std::max(rows_end_, told_)); }

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
  bool const open = settled_.row > 0 && settled_.transaction >= LogPosition{confirmed_};
  bool const news = settled_.transaction != stored.transaction || settled_.row > stored.row;
  return memory_.works() && memory_.position() > 0 && !gap_open_at_ && open && news;
}

void PgoutputSource::note_written() {
  bool const of_parts = std::exchange(writes_parts_, false);
  if (!of_parts) memory_.stored(remembering_);
}

/// Before the server is told.
void PgoutputSource::remember() {
  if (!memory_.works() || !known_) return;
  if (watch_.take_written()) note_written();
  auto const now = clock_.steady();
  bool const place = wants_place() && now - remembered_at_ >= config_.status_interval;
  if (watch_.writes()) return;
  writes_parts_ = parts_.unsaved();
  if (writes_parts_) return watch_.write(parts_.take_unsaved());
  if (!place && !moved_on()) return;
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
  rows_since_told_ = 0;
  told_at_ = clock_.steady();
}

/// So that a clean stop repeats nothing. Where it cannot be, some rows come again.
void PgoutputSource::prove_the_rest() {
  auto const patience = Deadline::after(clock_, last_look_patience);
  try {
    while (wants_look() || wants_memory() || wants_place() || parts_.unsaved() || writes_parts_) {
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

}  // namespace tram::postgres
