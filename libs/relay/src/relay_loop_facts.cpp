#include <array>
#include <string_view>
#include <utility>

#include "relay_loop.hpp"

namespace tram {

RelayFacts Relay::Loop::facts() const {
  return {.now = round_.now(),
          .draining = draining_,
          .has_producer = publisher_.has_producer(),
          .broker_doubted = publisher_.doubted(),
          .held_known = held_.known(),
          .rows_pending = !reader_.pending().empty(),
          .window_open = window_.open(),
          .window_empty = window_.empty(),
          .read_after_completion = reader_.read_after_completion(),
          .source_empty = reader_.source_empty(),
          .all_seen = reader_.all_seen(),
          .source_troubled = !reader_.side().trouble().empty(),
          .waiting_to_be_held = window_.waiting_to_be_held() > 0,
          .replays_in_flight = window_.replays() > 0,
          .replays_to_settle = held_.has_outcome(),
          .has_old_rows = old_rows_.removes() && reader_.confirmed().has_value(),
          .source_not_before = reader_.side().not_before(),
          .broker_not_before = publisher_.side().not_before(),
          .held_not_before = held_.side().not_before(),
          .retention_not_before = old_rows_.side().not_before(),
          .next_rows = reader_.next_rows(),
          .next_poll = reader_.next_poll(),
          .next_held_check = held_.next_check(),
          .next_retention = old_rows_.next()};
}

RelayStatus Relay::Loop::status() const {
  auto const source = reader_.source().status();
  return {.counters = round_.counters(),
          .in_flight = window_.in_flight(),
          .held_rows = held_.rows(),
          .held_keys = held_.keys(),
          .confirmed = reader_.confirmed(),
          .behind = source.behind,
          .connected = source.connected,
          .standby = source.standby,
          .caught_up = core().caught_up(),
          .last_progress = round_.last_progress(),
          .last_step = round_.now(),
          .trouble = trouble(source.trouble)};
}

/// `source` is what the source itself says.
std::string Relay::Loop::trouble(std::string const& source) const {
  auto const& reading = reader_.side().trouble();
  std::array<std::pair<std::string_view, std::string>, 4> const sides{
      {{"source: ", reading.empty() ? source : reading},
       {"broker: ", publisher_.side().trouble()},
       {"broker: ", publisher_.channel_trouble()},
       {"held rows: ", held_.side().trouble()}}};
  std::string text;
  for (auto const& [side, trouble] : sides) {
    if (trouble.empty()) continue;
    if (!text.empty()) text += "; ";
    text.append(side).append(trouble);
  }
  return text;
}

}  // namespace tram
