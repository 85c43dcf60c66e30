#include "relay_loop.hpp"

#include <string_view>
#include <variant>

#include "tram/base/clock.hpp"
#include "tram/broker/broker.hpp"

namespace tram {

Relay::Loop::Loop(RelayParts const& parts, RelayOptions const& options)
    : clock_{parts.clock},
      logger_{parts.logger},
      options_{options},
      records_{options.outbox_id, options.outbox_table, parts.broker.traits().record_bytes_max},
      window_{{.rows = options.window, .bytes = options.window_bytes}},
      reader_{parts, options, round_, records_, window_},
      publisher_{parts, options, round_},
      held_{parts, options, round_, window_},
      old_rows_{parts, options, round_} {}

/// Each decision is made by what the one before it left.
bool Relay::Loop::step() {
  round_.begin(clock_.steady());
  begin();
  read();
  if (core().replays_held()) replay_held();
  if (core().publishes()) publish();
  take_completions();
  if (core().stores_held()) held_.store();
  finish();
  return round_.progressed();
}

void Relay::Loop::begin() {
  if (core().makes_producer() && publisher_.create_channels({})) publisher_.make_producer();
  if (core().loads_held()) load_held();
}

void Relay::Loop::finish() {
  if (core().settles_replays()) held_.settle();
  reader_.confirm();
  if (core().removes_old_rows()) old_rows_.remove_some(*reader_.proven());
  if (core().caught_up()) round_.rested();
  if (core().asks_broker()) publisher_.ask_broker();
}

void Relay::Loop::begin_drain() {
  draining_ = true;
  reader_.forget_pending();
}

void Relay::Loop::flush() {
  if (core().settles_replays()) held_.settle();
  reader_.confirm();
  reader_.flush();
}

// --- from the source to the broker

void Relay::Loop::read() {
  auto const reading = core().reading();
  if (reading == RelayCore::Reading::nothing) return;
  if (draining_ || reading == RelayCore::Reading::keep_alive) return reader_.keep_alive();
  if (!reader_.read()) return;
  // What is held is held in the database that is gone, too.
  held_.forget();
  logger_.warning("relay.starts_over", {{"relay", options_.name}});
}

void Relay::Loop::publish() {
  if (!publisher_.create_channels(reader_.pending())) return;
  while (!reader_.pending().empty() && window_.open()) {
    if (!take_next()) return;
  }
  reader_.all_taken();
}

/// False when nothing can be taken now.
bool Relay::Loop::take_next() {
  auto const& destination = reader_.pending().front().destination;
  auto& made = reader_.next_record();
  if (auto* const bad = std::get_if<Unpublishable>(&made)) {
    auto [key, reason] = std::move(*bad);
    hold({.row = reader_.take_next(), .key = std::move(key), .reason = std::move(reason)});
    return true;
  }
  auto& record = std::get<RelayRecord>(made);
  if (held_.holds(destination, record.key)) {
    auto key = std::move(record.key);
    hold({.row = reader_.take_next(),
          .key = std::move(key),
          .reason = "behind an earlier message of its key",
          .cause = HeldCause::key_held});
    return true;
  }
  if (!submit(destination, record)) return false;
  window_.accept(reader_.take_next());
  return true;
}

void Relay::Loop::hold(HeldRow held) {
  held_.hold_key(held.row.destination, held.key);
  window_.accept(std::move(held));
}

/// Nobody else knows, after a restart, that the broker took nothing for them.
void Relay::Loop::load_held() {
  held_.load();
  publisher_.closed(held_.closed_channels());
}

void Relay::Loop::replay_held() {
  for (auto& row : held_.replayable()) {
    if (!window_.open() || !replay(row)) return;
  }
  held_.try_again(publisher_.channels_to_try());
}

bool Relay::Loop::replay(StoredHeldRow& stored) {
  auto record = records_.make(stored.row);
  round_.happened();
  if (auto* const bad = std::get_if<Unpublishable>(&record)) {
    held_.refused(stored.id, std::move(bad->reason), HeldCause::own_failure);
    return true;
  }
  // It may be the first of its channel that this process publishes.
  if (!publisher_.create_channel(stored.row.destination)) return false;
  if (!submit(stored.row.destination, std::get<RelayRecord>(record))) return false;
  window_.accept(std::move(stored));
  return true;
}

bool Relay::Loop::submit(std::string_view channel, RelayRecord const& record) {
  try {
    return publisher_.submit(channel, record, window_.next_sequence());
  } catch (Error const& error) {
    producer_failed(error);
    return false;
  }
}

// --- back from the broker

void Relay::Loop::take_completions() {
  std::optional<Error> finished;
  try {
    for (auto const& completion : publisher_.completions()) {
      if (auto error = take(completion); error && !finished) finished = std::move(error);
    }
  } catch (Error const& error) { finished = error; }
  if (finished) producer_failed(*finished);
}

/// Why the producer is of no use any more, if so.
std::optional<Error> Relay::Loop::take(Completion const& completion) {
  auto const& [sequence, error, trouble] = completion;
  if (!error) {
    landed(sequence);
    return std::nullopt;
  }
  if (error->fault() != Fault::rejected) return error;
  std::string reason = error->what();
  auto const& channel = window_.row(sequence).destination;
  if (trouble == ChannelTrouble::forbidden) publisher_.forbidden(channel, reason);
  if (trouble == ChannelTrouble::missing) {
    if (publisher_.missed(channel)) {
      return Error{Fault::transient, "channel '" + channel + "' is gone: " + reason +
                                         "; this relay makes it again and publishes again"};
    }
    reason = publisher_.reason(channel, std::move(reason));
  }
  refused(sequence, std::move(reason),
          trouble == ChannelTrouble::none ? HeldCause::own_failure : HeldCause::channel_closed);
  return std::nullopt;
}

void Relay::Loop::landed(Sequence sequence) {
  publisher_.landed(window_.row(sequence).destination);
  if (auto const stored_id = window_.land(sequence)) held_.published(*stored_id);
  round_.moved();
}

void Relay::Loop::refused(Sequence sequence, std::string reason, HeldCause cause) {
  publisher_.refused();
  auto const channel = window_.row(sequence).destination;
  auto const key = records_.key_of(window_.row(sequence));
  if (auto const stored_id = window_.refuse(sequence, key, reason, cause)) {
    held_.refused(*stored_id, std::move(reason), cause);
  } else {
    held_.hold_key(channel, key);
  }
  round_.moved();
}

/// Later records than the one that failed may have landed: everything that is not confirmed is read
/// and published again.
void Relay::Loop::producer_failed(Error const& error) {
  publisher_.lost(error);
  reader_.confirm();
  window_.restart();
  held_.forget();
  reader_.rewind();
  round_.happened();
}

int Relay::Loop::source_descriptor() const {
  return core().waits_for_rows() ? reader_.source().descriptor() : -1;
}

}  // namespace tram
