#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "handle_times.hpp"
#include "send_counts.hpp"
#include "service_phase.hpp"
#include "tram/base/clock.hpp"
#include "tram/metrics/metric.hpp"
#include "tram/relay/relay_view.hpp"
#include "tram/subscriber/subscriber.hpp"

namespace tram {

/// Why a component does not do its work.
struct ComponentTrouble {
  std::string name;
  std::string trouble;
};

/// What a metric of an added part said.
struct PartMetric {
  Metric const* metric;
  std::uint64_t value;
};

/// What is known of a service at one moment.
struct ServiceView {
  std::string name{};
  std::string version{};
  ServicePhase phase{ServicePhase::starting};
  std::string database_trouble{};
  std::string broker_trouble{};
  std::vector<RelayView> relays{};
  /// Empty before they have started, though there are some.
  std::vector<SubscriptionStatus> subscriptions{};
  bool has_subscriptions{};
  std::vector<ComponentTrouble> components{};
  std::map<std::string, HandleTimes::Counts> handle_times{};
  std::map<std::string, SendCounts::Counts> sent{};
  /// Of the parts that were added.
  std::vector<PartMetric> metrics{};
  SteadyTime now{};
  Duration stall_after{};
};

/// Why the service does not do its work; empty when it does. Pure.
std::vector<std::string> reasons_not_ready(ServiceView const& view);

/// False when only a restart helps. Pure.
bool is_alive(ServiceView const& view);

/// `{"ready":true,"service":"orders",…}`
std::string readiness_json(ServiceView const& view);

/// Prometheus' text format.
std::string metrics_text(ServiceView const& view);

}  // namespace tram
