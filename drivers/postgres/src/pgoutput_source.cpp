#include "tram/base/assert.hpp"
#include "tram/postgres/change_source.hpp"

#include <algorithm>

#include "pgoutput_source.hpp"

namespace tram::postgres {
namespace {

constexpr Duration idle_interval = std::chrono::seconds{1};
constexpr Duration standby_interval = std::chrono::milliseconds{250};
/// While an answer of the server is due.
constexpr Duration soon = std::chrono::milliseconds{20};

}  // namespace

ChangeBatch PgoutputSource::read(std::size_t rows_max) {
  TRAM_ASSERT(rows_max > 0, "no rows are asked for; keep_alive() takes none");
  auto batch = attend(rows_max);
  batch.starts_over = std::exchange(starts_over_, false);
  return batch;
}

/// With 0 it takes no rows.
ChangeBatch PgoutputSource::attend(std::size_t rows_max) {
  try {
    return next_batch(rows_max);
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
          .shown_up_to = LogPosition{shown_up_to_}};
}

std::unique_ptr<ChangeSource> change_source(ChangeSourceConfig const& config, Clock& clock) {
  auto const problem = problem_of_slot_name(config.slot);
  if (!problem.empty()) throw Error{Fault::rejected, "postgresql: the replication slot " + problem};
  return std::make_unique<PgoutputSource>(config, clock);
}

}  // namespace tram::postgres
