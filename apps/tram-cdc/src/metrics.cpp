#include "metrics.hpp"

#include <chrono>

#include "tram/metrics/metrics_text.hpp"
#include "tram/metrics/process_metrics.hpp"
#include "version.hpp"

namespace tram::relay_program {
namespace {

std::int64_t milliseconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

class Metrics {
 public:
  Metrics(RelayView const& view, HeartbeatView const& heartbeat)
      : view_{view}, heartbeat_{heartbeat} {}

  std::string text() {
    ours();
    java_reader();
    java_publisher();
    write_process_metrics(text_);
    return text_.text();
  }

 private:
  void ours() {
    text_.gauge("tram_relay_build", "1, with the version of the program.")
        .sample(1, {{"relay", view_.name}, {"version", programs::version}});
    write_relay_metrics(text_, {view_});
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
    text_.counter("eventuate_cdc_binlog_entries_processed_total", "Transactions read.")
        .sample(status.counters.transactions_read, {reader});
    text_.counter("eventuate_cdc_messages_processed_total", "Rows read.")
        .sample(status.counters.rows_read, {reader});
    auto const lag = status.caught_up ? 0 : milliseconds(view_.since_progress());
    text_
        .summary("eventuate_cdc_replication_lag",
                 "Milliseconds without progress, one sample per scrape.")
        .suffixed("_count", 1, {reader})
        .suffixed("_sum", lag, {reader});
    text_.gauge("eventuate_cdc_replication_lag_max", "The same.").sample(lag, {reader});
    text_
        .gauge("eventuate_cdc_replication_lag_age",
               "Milliseconds since the last heartbeat, or since the last progress where none are "
               "written; -1 before the first.")
        .sample(lag_age(), {reader});
  }

  [[nodiscard]] std::int64_t lag_age() const {
    if (heartbeat_.written) return heartbeat_.age ? milliseconds(*heartbeat_.age) : -1;
    return view_.status.connected ? milliseconds(view_.since_progress()) : -1;
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
  HeartbeatView heartbeat_;
  http::MetricsText text_;
};

}  // namespace

std::string metrics_text(RelayView const& view, HeartbeatView const& heartbeat) {
  return Metrics{view, heartbeat}.text();
}

}  // namespace tram::relay_program
