#include "tram/relay/relay_view.hpp"

#include <algorithm>
#include <chrono>

namespace tram {
namespace {

/// A call to the database may take its time; a loop that has not run for so long never will.
constexpr Duration dead_after{std::chrono::minutes{2}};

double seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::duration<double>>(duration).count();
}

class RelayMetrics {
 public:
  RelayMetrics(http::MetricsText& text, std::vector<RelayView> const& relays)
      : text_{text}, relays_{relays} {}

  void write() {
    states();
    positions();
    counters();
    errors();
  }

 private:
  /// Relays of which `value` gives nothing are left out, and so is a family without samples.
  template <class Value>
  void samples(Value const& value) {
    for (auto const& relay : relays_) text_.sample(value(relay), {{"relay", relay.name}});
  }
  template <class Value>
  void gauge(std::string_view name, std::string_view help, Value const& value) {
    text_.gauge(name, help);
    samples(value);
  }
  void counter(std::string_view name, std::string_view help, std::uint64_t RelayCounters::* value) {
    text_.counter(name, help);
    samples([&](RelayView const& relay) { return relay.status.counters.*value; });
  }
  /// A sample of each relay of which `value` knows something.
  template <class Value>
  void known(std::string_view name, std::string_view help, Value const& value) {
    auto const is_known = [&](RelayView const& relay) { return value(relay.status).has_value(); };
    if (std::ranges::none_of(relays_, is_known)) return;
    text_.gauge(name, help);
    for (auto const& relay : relays_) {
      if (auto const known = value(relay.status)) text_.sample(*known, {{"relay", relay.name}});
    }
  }

  void states() {
    gauge("tram_relay_ready", "1 while rows move or nothing is left to move.",
          [](RelayView const& relay) { return relay.readiness.ready ? 1 : 0; });
    gauge("tram_relay_connected", "1 while the database is connected.",
          [](RelayView const& relay) { return relay.status.connected ? 1 : 0; });
    gauge("tram_relay_standby", "1 while another process publishes.",
          [](RelayView const& relay) { return relay.status.standby ? 1 : 0; });
    gauge("tram_relay_caught_up", "1 when everything read is published.",
          [](RelayView const& relay) { return relay.status.caught_up ? 1 : 0; });
    gauge("tram_relay_in_flight", "Rows handed to the broker and not acknowledged.",
          [](RelayView const& relay) { return relay.status.in_flight; });
    gauge("tram_relay_held_rows", "Rows held because they cannot be published.",
          [](RelayView const& relay) { return relay.status.held_rows; });
    gauge("tram_relay_held_keys", "Keys held behind such rows.",
          [](RelayView const& relay) { return relay.status.held_keys; });
  }

  void positions() {
    gauge("tram_relay_seconds_since_progress",
          "How long positions have not moved though there was something to move.",
          [](RelayView const& relay) { return seconds(relay.since_progress()); });
    known("tram_relay_behind", "Bytes (PostgreSQL) or rows (SQLite) behind the log's end.",
          [](RelayStatus const& status) { return status.behind; });
    known("tram_relay_confirmed_position", "Everything up to here is published.",
          [](RelayStatus const& status) {
            return status.confirmed ? std::optional{status.confirmed->number()} : std::nullopt;
          });
  }

  void counters() {
    counter("tram_relay_reads_total", "Reads that returned rows.", &RelayCounters::reads);
    counter("tram_relay_rows_read_total", "Rows read, again for those that came again.",
            &RelayCounters::rows_read);
    counter("tram_relay_rows_published_total", "Records the broker acknowledged.",
            &RelayCounters::rows_published);
    counter("tram_relay_bytes_published_total", "Bytes of values handed to the broker.",
            &RelayCounters::bytes_published);
    counter("tram_relay_rows_held_total", "Rows held with their own reason.",
            &RelayCounters::rows_held);
    counter("tram_relay_rows_held_behind_total", "Rows held behind one of their key.",
            &RelayCounters::rows_held_behind);
    counter("tram_relay_rows_replayed_total", "Held rows that a replay published.",
            &RelayCounters::rows_replayed);
    counter("tram_relay_rows_removed_total", "Old rows removed from the outbox.",
            &RelayCounters::rows_removed);
    counter("tram_relay_producers_total", "Producers made: more than one means that one broke.",
            &RelayCounters::producers);
  }

  void errors() {
    text_.counter("tram_relay_errors_total", "Failures of each side.");
    for (auto const& relay : relays_) {
      auto const& count = relay.status.counters;
      auto const side = [&](std::string_view name, std::uint64_t errors) {
        text_.sample(errors, {{"relay", relay.name}, {"side", name}});
      };
      side("source", count.source_errors);
      side("broker", count.broker_errors);
      side("held", count.held_errors);
      side("retention", count.retention_errors);
    }
  }

  http::MetricsText& text_;
  std::vector<RelayView> const& relays_;
};

}  // namespace

bool is_alive(RelayView const& view) {
  return view.status.last_step == SteadyTime{} || view.now - view.status.last_step < dead_after;
}

void write_relay_metrics(http::MetricsText& text, std::vector<RelayView> const& relays) {
  if (!relays.empty()) RelayMetrics{text, relays}.write();
}

}  // namespace tram
