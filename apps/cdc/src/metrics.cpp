#include "metrics.hpp"

#include <chrono>

#include "tram/http/metrics_text.hpp"
#include "version.hpp"

namespace tram::relay_program {
namespace {

double seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::duration<double>>(duration).count();
}
std::int64_t milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

class Metrics {
 public:
  explicit Metrics(RelayView const& view) : view_{view} {}

  std::string text() {
    states();
    counters();
    java_reader();
    java_publisher();
    return text_.text();
  }

 private:
  void gauge(std::string_view name, std::string_view help, auto value) {
    text_.gauge(name, help).sample(value, {{"relay", view_.name}});
  }
  void counter(std::string_view name, std::string_view help, std::uint64_t value) {
    text_.counter(name, help).sample(value, {{"relay", view_.name}});
  }

  void states() {
    auto const& status = view_.status;
    text_.gauge("tram_relay_build", "1, with the version of the program.")
        .sample(1, {{"relay", view_.name}, {"version", programs::version}});
    gauge("tram_relay_ready", "1 while rows move or there are none to move.",
          view_.readiness.ready ? 1 : 0);
    gauge("tram_relay_connected", "1 while the database is connected.", status.connected ? 1 : 0);
    gauge("tram_relay_standby", "1 while another process publishes.", status.standby ? 1 : 0);
    gauge("tram_relay_caught_up", "1 when everything read is published.", status.caught_up ? 1 : 0);
    gauge("tram_relay_in_flight", "Rows handed to the broker and not acknowledged.",
          status.in_flight);
    gauge("tram_relay_held_rows", "Rows held because they cannot be published.", status.held_rows);
    gauge("tram_relay_held_keys", "Keys held behind such rows.", status.held_keys);
    gauge("tram_relay_seconds_since_progress",
          "How long positions have not moved though there was something to move.",
          seconds(view_.since_progress()));
    if (status.behind) {
      gauge("tram_relay_behind", "Bytes (PostgreSQL) or rows (SQLite) behind the log's end.",
            *status.behind);
    }
    if (status.confirmed)
      gauge("tram_relay_confirmed_position", "Everything up to here is published.",
            *status.confirmed);
  }

  void counters() {
    auto const& count = view_.status.counters;
    counter("tram_relay_reads_total", "Reads that returned rows.", count.reads);
    counter("tram_relay_rows_read_total", "Rows read, again for those that came again.",
            count.rows_read);
    counter("tram_relay_rows_published_total", "Records the broker acknowledged.",
            count.rows_published);
    counter("tram_relay_bytes_published_total", "Bytes of values handed to the broker.",
            count.bytes_published);
    counter("tram_relay_rows_held_total", "Rows held with a reason of their own.", count.rows_held);
    counter("tram_relay_rows_held_behind_total", "Rows held behind one of their key.",
            count.rows_held_behind);
    counter("tram_relay_rows_replayed_total", "Held rows that were published at last.",
            count.rows_replayed);
    counter("tram_relay_rows_removed_total", "Old rows removed from the outbox.",
            count.rows_removed);
    counter("tram_relay_producers_total", "Producers made: more than one means that one broke.",
            count.producers);
    text_.counter("tram_relay_errors_total", "Failures of each side.")
        .sample(count.source_errors, {{"relay", view_.name}, {"side", "source"}})
        .sample(count.broker_errors, {{"relay", view_.name}, {"side", "broker"}})
        .sample(count.held_errors, {{"relay", view_.name}, {"side", "held"}})
        .sample(count.retention_errors, {{"relay", view_.name}, {"side", "retention"}});
  }

  // What dashboards made for the Java service ask for, as far as there is an answer.
  void java_reader() {
    auto const& status = view_.status;
    http::MetricLabel const reader{"readerName", view_.name};
    text_.gauge("eventuate_cdc_leader", "1 while this process reads the log.")
        .sample(status.connected && !status.standby ? 1 : 0, {reader});
    text_.gauge("eventuate_cdc_connected_to_database", "1 while the database is connected.")
        .sample(status.connected ? 1 : 0, {reader});
    text_.counter("eventuate_cdc_connection_attempts_total", "Connections made or failed.")
        .sample(status.counters.source_errors + (status.connected ? 1 : 0), {reader});
    text_.counter("eventuate_cdc_binlog_entries_processed_total", "Rows read.")
        .sample(status.counters.rows_read, {reader});
    text_.counter("eventuate_cdc_messages_processed_total", "Rows read.")
        .sample(status.counters.rows_read, {reader});
    auto const lag = status.caught_up ? 0 : milliseconds(view_.since_progress());
    text_
        .summary("eventuate_cdc_replication_lag",
                 "Milliseconds without progress, one sample per look.")
        .suffixed("_count", 1, {reader})
        .suffixed("_sum", lag, {reader});
    text_.gauge("eventuate_cdc_replication_lag_max", "The same.").sample(lag, {reader});
    text_.gauge("eventuate_cdc_replication_lag_age", "Milliseconds since the last progress.")
        .sample(status.connected ? milliseconds(view_.since_progress()) : -1, {reader});
  }

  void java_publisher() {
    auto const published = view_.status.counters.rows_published;
    text_.counter("eventuate_cdc_events_sent_total", "Records acknowledged.").sample(published);
    text_.counter("eventuate_cdc_processed_messages_total", "The same.").sample(published);
    text_.counter("eventuate_cdc_events_duplicates_total", "Always 0.").sample(0);
    text_
        .gauge("eventuate_cdc_time_of_last_processed_message",
               "Steady time of the last progress, in nanoseconds.")
        .sample(view_.status.last_progress.time_since_epoch().count());
    summary("eventuate_cdc_event_age", "Always 0, as with the Java service.", 0, 0, 0);
    summary("eventuate_cdc_kafka_batch_size", "Messages per record.", published, published, 1);
    summary("eventuate_cdc_kafka_send_duration_seconds",
            "Always 0: measured by the Java service for batches only.", 0, 0, 0);
  }
  void summary(std::string_view name, std::string_view help, std::uint64_t count, std::uint64_t sum,
               std::uint64_t max) {
    text_.summary(name, help).suffixed("_count", count).suffixed("_sum", sum);
    text_.gauge(std::string{name} + "_max", help).sample(max);
  }

  RelayView const& view_;
  http::MetricsText text_;
};

}  // namespace

std::string metrics_text(RelayView const& view) { return Metrics{view}.text(); }

}  // namespace tram::relay_program
