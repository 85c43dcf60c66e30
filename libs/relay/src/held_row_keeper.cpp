#include "held_row_keeper.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "stored_text.hpp"

namespace tram {
namespace {

constexpr std::size_t store_rows_max{500};
constexpr std::size_t replay_rows_max{100};
/// While no row is known to be held, rows are looked for so many times as seldom: they may have
/// come back with a backup of the database.
constexpr int seldom{10};

}  // namespace

HeldRowKeeper::HeldRowKeeper(RelayParts const& parts, RelayOptions const& options,
                             RelayRound& round, PublishWindow& window)
    : store_{parts.held},
      logger_{parts.logger},
      options_{options},
      round_{round},
      window_{window},
      side_{"held rows", &RelayCounters::held_errors, parts, options, round} {}

void HeldRowKeeper::load() {
  if (!side_.attempt([this] { summary_ = store_.summary(); })) return;
  next_check_ = round_.now();
  round_.happened();
}

bool HeldRowKeeper::holds(std::string_view destination, std::string const& key) const {
  return options_.hold_key && !summary_->keys.empty() &&
         summary_->keys.contains(stored_text::held_key(destination, key));
}

void HeldRowKeeper::hold_key(std::string_view destination, std::optional<std::string> const& key) {
  if (options_.hold_key && key) summary_->keys.insert(stored_text::held_key(destination, *key));
}

void HeldRowKeeper::store() {
  auto const rows = window_.to_hold(store_rows_max);
  if (rows.empty() || !side_.attempt([&] { store_.store(rows); })) return;
  window_.stored(rows.size());
  for (auto const& row : rows) tell(row);
  summary_->rows += rows.size();
  next_check_ = std::min(next_check_, round_.now() + options_.held_check_interval);
  round_.moved();
}

void HeldRowKeeper::tell(HeldRow const& held) {
  auto& counters = round_.counters();
  if (held.cause == HeldCause::key_held) {
    ++counters.rows_held_behind;
    return;
  }
  ++counters.rows_held;
  logger_.warning("relay.held", {{"relay", options_.name},
                                 {"destination", held.row.destination},
                                 {"key", held.key.value_or("")},
                                 {"id", held.row.id},
                                 {"reason", held.reason}});
}

std::vector<StoredHeldRow> HeldRowKeeper::replayable() {
  next_check_ = round_.now() + options_.held_check_interval * (rows() > 0 ? 1 : seldom);
  auto const order = options_.hold_key ? ReplayOrder::by_key : ReplayOrder::any;
  std::vector<StoredHeldRow> found;
  side_.attempt([&] {
    auto summary = store_.summary();
    found = store_.replayable(replay_rows_max, order);
    // Only now: without rows nobody would look again, and the trouble would stay.
    summary_ = std::move(summary);
  });
  return found;
}

void HeldRowKeeper::published(std::int64_t stored_id) {
  outcome_.published.push_back(stored_id);
  ++round_.counters().rows_replayed;
}

void HeldRowKeeper::refused(std::int64_t stored_id, std::string reason, HeldCause cause) {
  outcome_.refused.push_back({.id = stored_id, .reason = std::move(reason), .cause = cause});
}

void HeldRowKeeper::try_again(std::vector<std::string> channels) {
  if (rows() > 0) outcome_.channels_to_try = std::move(channels);
}

void HeldRowKeeper::settle() {
  side_.attempt([this] {
    store_.settle(outcome_);
    bool const more = !outcome_.published.empty() || !outcome_.channels_to_try.empty();
    if (more) next_check_ = round_.now();
    outcome_ = {};
    summary_ = store_.summary();
    round_.moved();
  });
}

}  // namespace tram
