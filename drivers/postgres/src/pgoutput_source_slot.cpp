#include "pgoutput_source.hpp"

#include <algorithm>
#include <utility>

namespace tram::postgres {

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
  if (slot && (!slot->reader.empty() || slot->unfinished)) return stand_by(*slot);
  if (slot && !replaces_slot_)
    return follow(std::move(session), std::move(outbox), *slot, deadline);
  auto former = tables_for_new_slot(session, outbox, deadline);
  if (!slot) {
    setup.require_new_slot(outbox, former, was_empty_);
    was_empty_ = was_empty_ || !setup.holds_unpublished_rows(outbox, former);
  }
  if (!skipped_ && config_.new_slot == NewSlot::skip_existing_rows) {
    ReplicationSetup patient{session, config_, Deadline::after(clock_, table_patience)};
    skipped_ = patient.committed_rows(outbox);
  }
  make_slot(std::move(session), std::move(outbox), std::move(former));
}

void PgoutputSource::make_slot(Session session, OutboxLook outbox,
                               std::vector<FormerTable> former) {
  std::string rows;
  if (replaces_slot_) {
    rows = rows_of_gap(outbox, {.from_transaction = outbox.horizon,
                                .whole_tables = outbox.joined_behind_horizon,
                                .former_tables = std::move(former)});
  } else if (config_.new_slot == NewSlot::skip_existing_rows) {
    rows = rows_behind(outbox, *skipped_);
  } else {
    rows = and_of_former(unpublished_rows(outbox), outbox, former, "");
  }
  auto const deadline = Deadline::after(clock_, config_.connect_timeout);
  read_table_as_bytes(session, deadline);
  auto reader = decoder(outbox, text_reader());
  making_.emplace(std::move(session), config_, std::move(outbox),
                  RowsToGive{.select = std::move(rows), .reader = std::move(reader)},
                  NewName{.old_slot = replaces_slot_ ? OldSlot::replaced : OldSlot::none,
                          .before = memory_.forget()},
                  clock_);
  standby_ = false;
}

/// Tables that left the outbox, with rows that nobody may have published.
std::vector<FormerTable> PgoutputSource::tables_for_new_slot(Session& session,
                                                             OutboxLook const& outbox,
                                                             Deadline deadline) {
  ReplicationSetup setup{session, config_, deadline};
  auto const history = setup.history();
  memory_.recall(session, history, deadline);
  parts_.recall(session, history, memory_.access(), deadline);
  if (replaces_slot_) return former_tables(setup, outbox);
  if (!reads_existing_rows(config_)) return {};
  auto const horizon = memory_.known_horizon();
  parts_.meet_alike(setup.alike_tables(horizon));
  if (horizon.empty()) tell_of_parts(setup);
  else ask_about_parts(setup);
  std::vector<FormerTable> former;
  for (auto& [number, table] : setup.tables(parts_.unread(outbox, memory_.position()))) {
    table.whole = true;
    former.push_back(std::move(table));
  }
  return former;
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
  parts_.settle(*known_);
  making_.reset();
  replaces_slot_ = false;
  skipped_.reset();
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
                                        SlotPosition const& slot, Deadline deadline) {
  ReplicationSetup setup{session, config_, deadline};
  auto former = former_tables(setup, outbox);
  if (slot.copy && slot.copy->rows > 0) {
    return and_of_former(rows_around(outbox, slot.copy->horizon, slot.copy->rows), outbox, former,
                         slot.copy->horizon);
  }
  if (slot.copy) return former.empty() ? "" : rows_of_former(outbox, former, slot.copy->horizon);
  auto missed = find_gap(setup, outbox, slot);
  if (!missed) return "";
  missed->former_tables = std::move(former);
  return rows_of_gap(outbox, *missed);
}

std::vector<FormerTable> PgoutputSource::former_tables(ReplicationSetup& setup,
                                                       OutboxLook const& outbox) {
  auto const left = parts_.left(outbox);
  auto tables = setup.tables(left);
  std::vector<FormerTable> former;
  for (auto const& number : left) {
    if (!tables.contains(number)) {
      tell_of_dropped(number);
      continue;
    }
    tables[number].whole = parts_.is_read_whole(number);
    former.push_back(std::move(tables[number]));
  }
  return former;
}

std::optional<Gap> PgoutputSource::find_gap(ReplicationSetup& setup, OutboxLook const& outbox,
                                            SlotPosition const& slot) const {
  // No relay moved the slot that far, or made it.
  if (memory_.position() > 0 && slot.confirmed > memory_.position()) {
    return Gap{.from_transaction = memory_.horizon(),
               .whole_tables = setup.look(memory_.horizon()).joined_behind_horizon};
  }
  auto missed = known_ ? gap_between(*known_, outbox) : gap_behind_horizon(outbox);
  // Somebody else moved the slot, and what lies between was not shown here.
  bool const moved = known_ && slot.confirmed > told_;
  // Whether the publication showed what has left, nobody knows any more.
  bool const left =
      known_ ? parts_.learned_of_another(*known_, outbox) : !parts_.left(outbox).empty();
  if (!missed && (moved || left)) missed.emplace();
  if (moved) missed->from_transaction = known_->horizon;
  if (left) missed->from_transaction = outbox.horizon;
  return missed;
}

/// Once: nothing can be done about it.
void PgoutputSource::tell_of_dropped(std::string const& number) {
  if (known_ || !told_of_.insert(number).second) return;
  throw Error{Fault::transient,
              "postgresql: a part of the outbox (table number " + number +
                  ") was dropped while no relay read the log of " + target_.name() +
                  "; its rows are published as far as the log shows them, others are lost"};
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

void PgoutputSource::meet_parts(Session& session, OutboxLook const& outbox,
                                SlotPosition const& slot, Deadline deadline) {
  parts_.recall(session, slot.history, memory_.access(), deadline);
  parts_.meet(session, outbox, std::max(confirmed_, slot.confirmed), deadline);
  ReplicationSetup setup{session, config_, deadline};
  parts_.meet_alike(setup.alike_tables(outbox.horizon));
  ask_about_parts(setup);
  auto const counted = parts_.counted(outbox);
  if (!memory_.counts_alike(counted)) settled_ = {};
  memory_.count(counted);
}

/// Whose rows the log may not show, and which may have been parts while nobody looked.
void PgoutputSource::ask_about_parts(ReplicationSetup& setup) {
  auto const tables = setup.with_rows(parts_.in_doubt());
  if (tables.empty()) return;
  throw Error{Fault::rejected, "postgresql: in " + target_.name() + " " + parts_.question(tables)};
}

/// Once: from when on they count as unpublished, nobody knows.
void PgoutputSource::tell_of_parts(ReplicationSetup& setup) {
  auto tables = setup.with_rows(parts_.in_doubt());
  std::erase_if(tables, [&](auto const& table) { return !told_of_.insert(table.number).second; });
  if (tables.empty()) return;
  throw Error{Fault::transient, "postgresql: in " + target_.name() + " " + parts_.question(tables)};
}

/// Streams from the slot, behind the rows of the table that it may not show.
void PgoutputSource::follow(Session session, OutboxLook outbox, SlotPosition const& slot,
                            Deadline deadline) {
  if (slot.history != history_) meet_server(slot);
  memory_.recall(session, slot.history, deadline);
  meet_parts(session, outbox, slot, deadline);
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
  batch.seen_up_to = LogPosition{*gap_open_at_ + 1};
  stream_from_here(deadline);
  return batch;
}

/// The log shows all of the outbox as it is now.
void PgoutputSource::settle() {
  known_ = outbox_;
  parts_.settle(*known_);
  gap_open_at_.reset();
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

}  // namespace tram::postgres
