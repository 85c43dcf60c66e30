#include "relay_loop.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "stored_text.hpp"
#include "tram/base/assert.hpp"
#include "tram/base/clock.hpp"
#include "tram/broker/broker.hpp"
#include "tram/relay/change_source.hpp"
#include "tram/relay/held_row_store.hpp"
#include "tram/relay/outbox_retention.hpp"

namespace tram {
namespace {

constexpr std::size_t hold_rows_max{500};
constexpr std::size_t replay_rows_max{100};
constexpr Duration ask_timeout{std::chrono::seconds{2}};
/// However quiet all is, the loop shows that it lives.
constexpr Duration wait_longest{std::chrono::seconds{1}};
/// Where none is known to be held, rows are looked for so many times as seldom: they may have come
/// back with a backup of the database.
constexpr int seldom{10};
/// Between two batches of old rows, so that their removal does not delay publishing.
constexpr Duration retention_pause{std::chrono::milliseconds{20}};

RetryGate counterpart(std::string_view name, RelayParts const& parts, RelayOptions const& options) {
  return {{.events = "relay", .owner_field = "relay", .owner = options.name, .with = name},
          {.first = options.back_off_first, .longest = options.back_off_longest},
          parts.random,
          parts.logger};
}

}  // namespace

Relay::Loop::Loop(RelayParts parts, RelayOptions const& options)
    : parts_{std::move(parts)},
      options_{options},
      records_{options.outbox_id, options.outbox_table, parts_.broker.traits().record_bytes_max},
      source_{counterpart("source", parts_, options)},
      broker_{counterpart("broker", parts_, options)},
      held_{counterpart("held rows", parts_, options)},
      retention_{counterpart("retention", parts_, options)},
      window_{{.rows = options.window, .bytes = options.window_bytes}},
      channels_{parts_.broker, parts_.clock, parts_.logger, options} {}

bool Relay::Loop::step() {
  now_ = parts_.clock.steady();
  progressed_ = false;
  if (!draining_) {
    if (!producer_ && create_channels({})) make_producer();
    if (!held_is_known()) load_held();
    read();
    replay_held();
    publish();
  } else {
    look_after_source();
  }
  take_completions();
  store_held();
  settle_replays();
  confirm();
  remove_old_rows();
  if (caught_up()) rest();
  return progressed_;
}

void Relay::Loop::begin_drain() {
  draining_ = true;
  pending_.clear();
  pending_seen_.reset();
  next_record_.reset();
}

void Relay::Loop::flush() {
  settle_replays();
  confirm();
  try {
    parts_.source.flush();
  } catch (Error const& error) {
    source_failed(error);  // The rows behind the stored position come again after the restart.
  }
}

// --- the broker's side

void Relay::Loop::make_producer() {
  if (!broker_.may_be_tried(now_)) return;
  try {
    producer_ = parts_.broker.producer();
    ++counters_.producers;
    // A client that connects lazily proves nothing by being made: trouble is over when a record
    // lands, or when the broker answers.
    progressed_ = true;
  } catch (Error const& error) {
    ++counters_.broker_errors;
    broker_.failed(error, parts_.clock.steady());
    producer_broke_ = true;
  }
}

void Relay::Loop::publish() {
  if (!producer_ || !held_is_known() || pending_.empty() || !create_channels(pending_)) return;
  while (!pending_.empty() && window_.open()) {
    if (take(pending_.front()) == Taken::not_now) return;
    pending_.pop_front();
    next_record_.reset();
    progressed_ = true;
  }
  if (!pending_.empty() || !pending_seen_) return;
  window_.seen(*pending_seen_);
  pending_seen_.reset();
}

Relay::Loop::Taken Relay::Loop::take(OutboxRow& row) {
  if (!next_record_) next_record_ = records_.make(row);
  if (auto* const bad = std::get_if<Unpublishable>(&*next_record_)) {
    hold(std::move(row), std::move(bad->key), std::move(bad->reason));
    return Taken::yes;
  }
  auto& record = std::get<RelayRecord>(*next_record_);
  if (key_is_held(row, record.key)) {
    hold(std::move(row), std::move(record.key), std::string{held_behind});
    return Taken::yes;
  }
  if (submit(row.destination, record) == Taken::not_now) return Taken::not_now;
  window_.accept(std::move(row));
  return Taken::yes;
}

Relay::Loop::Taken Relay::Loop::submit(std::string_view channel, RelayRecord const& record) {
  try {
    RecordView const view{.channel = channel, .key = record.key, .value = record.value};
    if (!producer_->submit(view, window_.next_sequence())) return Taken::not_now;
    counters_.bytes_published += record.value.size();
    return Taken::yes;
  } catch (Error const& error) {
    producer_failed(error);
    return Taken::not_now;
  }
}

/// False when the broker could not be asked: nothing can be published now.
bool Relay::Loop::create_channels(std::deque<OutboxRow> const& rows) {
  auto const channels = channels_.wanted(rows);
  if (channels.empty()) return true;
  if (!broker_.may_be_tried(now_)) return false;
  try {
    channels_.create(channels, stop_);
    // Nothing may land after this that would tell: the rows may all have to be held.
    if (!producer_broke_) broker_.succeeded();
    return true;
  } catch (Error const& error) {
    // Cut short by the stop, it is no trouble of the broker's.
    if (stop_.stop_requested()) return false;
    ++counters_.broker_errors;
    broker_.failed(error, parts_.clock.steady());
    return false;
  }
}

void Relay::Loop::take_completions() {
  if (!producer_) return;
  std::optional<Error> finished;
  try {
    for (auto const& completion : producer_->completions()) {
      if (auto trouble = take(completion); trouble && !finished) finished = std::move(trouble);
    }
  } catch (Error const& error) { finished = error; }
  if (finished) producer_failed(*finished);
}

/// Why the producer is of no use any more, if so.
std::optional<Error> Relay::Loop::take(Completion const& completion) {
  auto const& [sequence, error, missing_channel] = completion;
  if (!error) {
    landed(sequence);
    return std::nullopt;
  }
  if (error->fault() != Fault::rejected) return error;
  std::string reason = error->what();
  if (missing_channel) {
    auto const& channel = window_.row(sequence).destination;
    if (channels_.missed(channel)) {
      return Error{Fault::transient, "channel '" + channel + "' is gone: " + reason +
                                         "; this relay makes it again and publishes again"};
    }
    reason = channels_.reason(channel, std::move(reason));
  }
  refused(sequence, std::move(reason));
  return std::nullopt;
}

void Relay::Loop::landed(Sequence sequence) {
  channels_.proved(window_.row(sequence).destination);
  if (auto const stored_id = window_.land(sequence)) {
    outcome_.published.push_back(*stored_id);
    ++counters_.rows_replayed;
  }
  ++counters_.rows_published;
  producer_broke_ = false;
  broker_.succeeded();
  note_progress();
}

void Relay::Loop::refused(Sequence sequence, std::string reason) {
  auto const& row = window_.row(sequence);
  auto const key = records_.key_of(row);
  auto const channel = row.destination;
  if (auto const stored_id = window_.refuse(sequence, key, reason)) {
    outcome_.refused.push_back({.id = *stored_id, .reason = std::move(reason)});
  } else if (options_.hold_key && key) {
    summary_->keys.insert(stored_text::held_key(channel, *key));
  }
  producer_broke_ = false;
  broker_.succeeded();
  note_progress();
}

void Relay::Loop::producer_failed(Error const& error) {
  ++counters_.broker_errors;
  broker_.failed(error, parts_.clock.steady());
  producer_broke_ = true;
  producer_.reset();
  confirm();
  forget_in_flight();
  try {
    parts_.source.rewind();
  } catch (Error const& trouble) { source_failed(trouble); }
  progressed_ = true;
}

void Relay::Loop::forget_in_flight() {
  window_.restart();
  pending_.clear();
  pending_seen_.reset();
  next_record_.reset();
  // Keys held for rows that were not stored yet are forgotten with them.
  summary_.reset();
  look_again();
  read_after_completion_ = false;
}

// --- the source's side

bool Relay::Loop::may_take_rows() const {
  return pending_.empty() && window_.open() && now_ >= paced_until_;
}

bool Relay::Loop::waits_for_completions() const {
  return read_after_completion_ && (!window_.empty() || !pending_.empty());
}

void Relay::Loop::read() {
  if (!source_.may_be_tried(now_) || waits_for_completions()) return;
  bool const takes_rows = may_take_rows();
  if (!takes_rows && now_ < last_read_ + parts_.source.poll_interval()) return;
  try {
    last_read_ = now_;
    auto batch = parts_.source.read(takes_rows ? options_.read_rows_max : 0);
    read_after_completion_ = false;
    source_.succeeded();
    if (batch.starts_over) start_over();
    if (batch.seen_up_to) pending_seen_ = batch.seen_up_to;
    if (takes_rows) {
      source_empty_ = batch.rows.empty();
      all_seen_ = source_empty_ && batch.at_end;
    }
    if (pending_.empty() && batch.rows.empty() && pending_seen_) {
      window_.seen(*std::exchange(pending_seen_, std::nullopt));
    }
    if (batch.rows.empty()) return;
    ++counters_.reads;
    counters_.rows_read += batch.rows.size();
    for (auto const& row : batch.rows) counters_.transactions_read += row.ends_at ? 1 : 0;
    std::ranges::move(batch.rows, std::back_inserter(pending_));
    paced_until_ = now_ + options_.read_pause;
    progressed_ = true;
  } catch (Error const& error) { source_failed(error); }
}

/// A server gives up a reader that says nothing, and the position could not be stored at the end.
void Relay::Loop::look_after_source() {
  if (!source_.trouble().empty() || now_ < last_read_ + parts_.source.poll_interval()) return;
  try {
    last_read_ = now_;
    parts_.source.read(0);
  } catch (Error const& error) { source_failed(error); }
}

/// What is held is held in the database that is gone, too.
void Relay::Loop::start_over() {
  window_.start_over();
  confirmed_.reset();
  pending_seen_.reset();
  summary_.reset();
  parts_.logger.warning("relay.starts_over", {{"relay", options_.name}});
}

void Relay::Loop::source_failed(Error const& error) {
  ++counters_.source_errors;
  source_.failed(error, parts_.clock.steady());
  look_again();
  read_after_completion_ = true;
}

void Relay::Loop::confirm() {
  if (auto const place = window_.take_settled()) parts_.source.settled(*place);
  auto const position = window_.take_confirmable();
  if (!position) return;
  confirmed_ = position;
  note_progress();
  try {
    parts_.source.confirm(*position);
  } catch (Error const& error) { source_failed(error); }
}

// --- held rows

bool Relay::Loop::key_is_held(OutboxRow const& row, std::string const& key) const {
  return !summary_->keys.empty() && options_.hold_key &&
         summary_->keys.contains(stored_text::held_key(row.destination, key));
}

void Relay::Loop::hold(OutboxRow row, std::optional<std::string> key, std::string reason) {
  if (options_.hold_key && key) summary_->keys.insert(stored_text::held_key(row.destination, *key));
  window_.accept(
      HeldRow{.row = std::move(row), .key = std::move(key), .reason = std::move(reason)});
}

void Relay::Loop::load_held() {
  if (!held_.may_be_tried(now_)) return;
  try {
    summary_ = parts_.held.summary();
    next_held_check_ = now_;
    held_.succeeded();
    progressed_ = true;
  } catch (Error const& error) {
    ++counters_.held_errors;
    held_.failed(error, parts_.clock.steady());
  }
}

void Relay::Loop::store_held() {
  if (window_.waiting_to_be_held() == 0 || !held_.may_be_tried(now_)) return;
  auto const rows = window_.to_hold(hold_rows_max);
  if (rows.empty()) return;
  try {
    parts_.held.store(rows);
    held_.succeeded();
  } catch (Error const& error) {
    ++counters_.held_errors;
    held_.failed(error, parts_.clock.steady());
    return;
  }
  window_.stored(rows.size());
  for (auto const& row : rows) log_held(row);
  summary_->rows += rows.size();
  next_held_check_ = std::min(next_held_check_, now_ + options_.held_check_interval);
  note_progress();
}

void Relay::Loop::log_held(HeldRow const& held) {
  if (held.reason == held_behind) {
    ++counters_.rows_held_behind;
    return;
  }
  ++counters_.rows_held;
  parts_.logger.warning("relay.held", {{"relay", options_.name},
                                       {"destination", held.row.destination},
                                       {"key", held.key.value_or("")},
                                       {"id", held.row.id},
                                       {"reason", held.reason}});
}

/// Stored rows and keys are looked at only while none is on its way there: else a key could be
/// taken for free.
bool Relay::Loop::may_replay() const {
  return producer_ && held_is_known() && window_.waiting_to_be_held() == 0 &&
         window_.replays() == 0 && outcome_.empty() && !draining_ && held_.may_be_tried(now_);
}

void Relay::Loop::replay_held() {
  if (!may_replay() || now_ < next_held_check_) return;
  auto const order = options_.hold_key ? ReplayOrder::by_key : ReplayOrder::any;
  try {
    next_held_check_ = now_ + options_.held_check_interval * (summary_->rows > 0 ? 1 : seldom);
    auto summary = parts_.held.summary();
    auto rows = parts_.held.replayable(replay_rows_max, order);
    // Only now: without rows nobody would look again, and the trouble would stay.
    summary_ = std::move(summary);
    held_.succeeded();
    for (auto& row : rows) {
      if (!window_.open() || replay(row) == Taken::not_now) return;
    }
  } catch (Error const& error) {
    ++counters_.held_errors;
    held_.failed(error, parts_.clock.steady());
  }
}

Relay::Loop::Taken Relay::Loop::replay(StoredHeldRow& stored) {
  auto record = records_.make(stored.row);
  progressed_ = true;
  if (auto* const bad = std::get_if<Unpublishable>(&record)) {
    outcome_.refused.push_back({.id = stored.id, .reason = std::move(bad->reason)});
    return Taken::yes;
  }
  if (submit(stored.row.destination, std::get<RelayRecord>(record)) == Taken::not_now) {
    return Taken::not_now;
  }
  window_.accept(std::move(stored));
  return Taken::yes;
}

void Relay::Loop::settle_replays() {
  if (outcome_.empty() || window_.replays() > 0 || window_.waiting_to_be_held() > 0 ||
      !held_.may_be_tried(now_))
    return;
  try {
    parts_.held.settle(outcome_);
    if (!outcome_.published.empty()) next_held_check_ = now_;
    outcome_ = {};
    summary_ = parts_.held.summary();
    held_.succeeded();
    note_progress();
  } catch (Error const& error) {
    ++counters_.held_errors;
    held_.failed(error, parts_.clock.steady());
  }
}

// --- retention

/// Not while the source is in trouble: what was confirmed may be of another outbox than the one
/// there.
bool Relay::Loop::may_remove_old_rows() const {
  return parts_.retention != nullptr && !draining_ && confirmed_ && source_.trouble().empty() &&
         retention_.may_be_tried(now_);
}

void Relay::Loop::remove_old_rows() {
  if (!may_remove_old_rows() || now_ < next_retention_) return;
  try {
    auto const proven = parts_.source.status().shown_up_to.value_or(*confirmed_);
    auto const removed = parts_.retention->remove_some(std::min(*confirmed_, proven));
    counters_.rows_removed += removed;
    next_retention_ = now_ + (removed > 0 ? retention_pause : options_.retention_interval);
    retention_.succeeded();
  } catch (Error const& error) {
    ++counters_.retention_errors;
    retention_.failed(error, parts_.clock.steady());
  }
}

// --- what others want to know

void Relay::Loop::note_progress() {
  last_progress_ = now_;
  progressed_ = true;
}

/// Nothing is to be moved: that is no failure to move. Whether what an earlier producer met is
/// over, no record will tell: the broker is asked.
void Relay::Loop::rest() {
  last_progress_ = now_;
  if (!producer_ || !producer_broke_ || !broker_.may_be_tried(now_)) return;
  try {
    parts_.broker.ping(Deadline::after(parts_.clock, ask_timeout), stop_);
    producer_broke_ = false;
    broker_.succeeded();
  } catch (Error const& error) {
    if (!stop_.stop_requested()) broker_.failed(error, parts_.clock.steady());
  }
}

bool Relay::Loop::caught_up() const { return all_seen_ && pending_.empty() && window_.empty(); }

RelayStatus Relay::Loop::status() const {
  auto const source = parts_.source.status();
  RelayStatus status{.counters = counters_,
                     .in_flight = window_.in_flight(),
                     .held_rows = summary_ ? summary_->rows : 0,
                     .held_keys = summary_ ? summary_->keys.size() : 0,
                     .confirmed = confirmed_,
                     .behind = source.behind,
                     .connected = source.connected,
                     .standby = source.standby,
                     .caught_up = caught_up(),
                     .last_progress = last_progress_,
                     .last_step = now_,
                     .trouble = {}};
  auto const& source_trouble = source_.trouble().empty() ? source.trouble : source_.trouble();
  auto const channel_trouble = channels_.trouble();
  std::array<std::pair<std::string_view, std::string const*>, 4> const troubles{
      {{"source: ", &source_trouble},
       {"broker: ", &broker_.trouble()},
       {"broker: ", &channel_trouble},
       {"held rows: ", &held_.trouble()}}};
  for (auto const& [side, trouble] : troubles) {
    if (trouble->empty()) continue;
    if (!status.trouble.empty()) status.trouble += "; ";
    status.trouble.append(side).append(*trouble);
  }
  return status;
}

SteadyTime Relay::Loop::next_step() const {
  auto next = std::min(next_read(), now_ + wait_longest);
  for (auto const* const side : {&broker_, &held_, &retention_}) {
    if (!side->may_be_tried(now_)) next = std::min(next, side->not_before());
  }
  if (may_replay()) next = std::min(next, next_held_check_);
  if (may_remove_old_rows()) next = std::min(next, next_retention_);
  return next;
}

SteadyTime Relay::Loop::next_read() const {
  if (!source_.may_be_tried(now_)) return source_.not_before();
  if (waits_for_completions()) return SteadyTime::max();
  bool const has_more = !source_empty_ && !draining_ && pending_.empty() && window_.open();
  return has_more ? paced_until_ : last_read_ + parts_.source.poll_interval();
}

int Relay::Loop::source_descriptor() const {
  bool const wanted =
      source_.may_be_tried(now_) && !waits_for_completions() && !draining_ && may_take_rows();
  return wanted ? parts_.source.descriptor() : -1;
}

int Relay::Loop::producer_descriptor() const { return producer_ ? producer_->descriptor() : -1; }

}  // namespace tram
