#include <chrono>
#include <map>
#include <string_view>
#include <vector>

#include "service_view.hpp"
#include "tram/metrics/metrics_text.hpp"
#include "tram/metrics/process_metrics.hpp"

namespace tram {
namespace {

double seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::duration<double>>(duration).count();
}

class ServiceMetrics {
 public:
  explicit ServiceMetrics(ServiceView const& view) : view_{view} {}

  std::string text() {
    service();
    outbox();
    subscription_counters();
    subscription_states();
    handle_times();
    write_relay_metrics(text_, view_.relays);
    parts();
    write_process_metrics(text_);
    return text_.text();
  }

 private:
  void service() {
    text_.gauge("tram_service_build", "1, with the name and the version of the service.")
        .sample(1, {{"service", view_.name}, {"version", view_.version}});
    text_.gauge("tram_service_ready", "1 while it does its work.")
        .sample(reasons_not_ready(view_).empty() ? 1 : 0);
  }

  void outbox() {
    text_.counter("tram_outbox_messages_sent_total",
                  "Messages written into the outbox; a rollback takes them back.");
    for (auto const& [channel, counts] : view_.sent) {
      text_.sample(counts.sent, {{"channel", channel}});
    }
    text_.counter("tram_outbox_messages_refused_total", "Messages that could not be written.");
    for (auto const& [channel, counts] : view_.sent) {
      text_.sample(counts.refused, {{"channel", channel}});
    }
  }

  template <class Value>
  void samples(Value const& value) {
    for (auto const& status : view_.subscriptions) {
      text_.sample(value(status), {{"subscriber", status.subscriber_id}});
    }
  }
  void counter(std::string_view name, std::string_view help,
               std::uint64_t SubscriptionCounters::* value) {
    text_.counter(name, help);
    samples([&](SubscriptionStatus const& status) { return status.counters.*value; });
  }
  void subscription_counters() {
    counter("tram_subscription_messages_delivered_total", "Records taken from the broker.",
            &SubscriptionCounters::delivered);
    counter("tram_subscription_messages_handled_total", "Messages handled.",
            &SubscriptionCounters::handled);
    counter("tram_subscription_messages_duplicate_total", "Messages passed over: handled before.",
            &SubscriptionCounters::duplicates);
    counter("tram_subscription_failures_total", "Attempts that failed.",
            &SubscriptionCounters::failures);
    counter("tram_subscription_messages_held_total", "Messages held because of their failures.",
            &SubscriptionCounters::held);
    counter("tram_subscription_messages_held_behind_total",
            "Messages held behind one of their key.", &SubscriptionCounters::held_behind);
    counter("tram_subscription_messages_replayed_total", "Held messages handled by a replay.",
            &SubscriptionCounters::replayed);
    counter("tram_subscription_replay_failures_total",
            "Runs of the replay of a held message whose handler threw.",
            &SubscriptionCounters::replay_failures);
    counter("tram_subscription_messages_malformed_total", "Records that are no message.",
            &SubscriptionCounters::malformed);
    counter("tram_subscription_rebalances_total", "Partitions revoked.",
            &SubscriptionCounters::rebalances);
    counter("tram_subscription_records_expired_total",
            "Records that the broker removed before they were read: lost to the subscription.",
            &SubscriptionCounters::expired);
  }

  void subscription_states() {
    text_.gauge("tram_subscription_partitions", "Partitions owned.");
    samples([](auto const& status) { return status.partitions; });
    text_.gauge("tram_subscription_waiting", "Messages delivered that wait to be handled.");
    samples([](auto const& status) { return status.waiting; });
    text_.gauge("tram_subscription_running", "Messages being handled.");
    samples([](auto const& status) { return status.running; });
    text_.gauge("tram_subscription_paused", "1 while its breaker is open.");
    samples([](auto const& status) { return status.paused ? 1 : 0; });
    text_.gauge("tram_subscription_shared",
                "Other services that use the same subscriber id, and take a part of its messages.");
    samples([](auto const& status) { return status.shared_with.size(); });
    text_.gauge("tram_subscription_seconds_since_progress",
                "How long no message was finished though there was one.");
    samples([&](auto const& status) {
      return status.waiting + status.running == 0 ? 0.0 : seconds(view_.now - status.last_progress);
    });
  }

  void handle_times() {
    text_.histogram("tram_subscription_handle_seconds", "Time in the handler, per run.");
    for (auto const& [subscriber, counts] : view_.handle_times) write(subscriber, counts);
  }
  void write(std::string_view subscriber, HandleTimes::Counts const& counts) {
    std::uint64_t runs = 0;
    for (std::size_t i = 0; i < counts.runs.size(); ++i) {
      runs += counts.runs[i];
      auto const bound = i < HandleTimes::bounds.size() ? HandleTimes::bounds[i].seconds : "+Inf";
      text_.suffixed("_bucket", runs, {{"subscriber", subscriber}, {"le", bound}});
    }
    text_.suffixed("_sum", seconds(counts.sum), {{"subscriber", subscriber}});
    text_.suffixed("_count", runs, {{"subscriber", subscriber}});
  }

  /// By family: a name must not come twice.
  void parts() {
    std::map<std::string_view, std::vector<PartMetric>> families;
    for (auto const& each : view_.metrics) families[each.metric->name].push_back(each);
    for (auto const& [name, samples] : families) {
      auto const& first = *samples.front().metric;
      if (first.kind == Metric::Kind::counter) text_.counter(name, first.help);
      else text_.gauge(name, first.help);
      for (auto const& each : samples) write(each);
    }
  }
  void write(PartMetric const& part) {
    std::vector<http::MetricLabel> labels;
    for (auto const& [name, value] : part.metric->labels) labels.push_back({name, value});
    text_.sample_with(labels, part.value);
  }

  ServiceView const& view_;
  http::MetricsText text_;
};

}  // namespace

std::string metrics_text(ServiceView const& view) { return ServiceMetrics{view}.text(); }

}  // namespace tram
