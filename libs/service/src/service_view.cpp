#include "service_view.hpp"

#include <algorithm>
#include <chrono>
#include <optional>

#include "tram/json/json.hpp"

namespace tram {
namespace {

struct RelayDocument {
  std::string name{};
  bool ready{};
  bool standby{};
  bool caught_up{};
  std::uint64_t in_flight{};
  std::uint64_t held_rows{};
  std::optional<std::uint64_t> behind{};
};

struct SubscriptionDocument {
  std::string subscriber_id{};
  std::uint64_t partitions{};
  std::uint64_t waiting{};
  std::uint64_t running{};
  bool paused{};
  std::uint64_t held{};
  /// Other services with the same subscriber id.
  std::vector<std::string> shared_with{};
};

struct ReadinessDocument {
  bool ready{};
  std::vector<std::string> reasons{};
  std::string service{};
  std::string version{};
  ServicePhase phase{};
  std::vector<RelayDocument> relays{};
  std::vector<SubscriptionDocument> subscriptions{};
};

RelayDocument document(RelayView const& relay) {
  auto const& status = relay.status;
  return {.name = relay.name,
          .ready = relay.readiness.ready,
          .standby = status.standby,
          .caught_up = status.caught_up,
          .in_flight = status.in_flight,
          .held_rows = status.held_rows,
          .behind = status.behind};
}

SubscriptionDocument document(SubscriptionStatus const& status) {
  return {.subscriber_id = status.subscriber_id,
          .partitions = status.partitions,
          .waiting = status.waiting,
          .running = status.running,
          .paused = status.paused,
          .held = status.counters.held + status.counters.held_behind,
          .shared_with = status.shared_with};
}

std::string stalled(SubscriptionStatus const& status, ServiceView const& view) {
  auto const since = view.now - status.last_progress;
  if (status.waiting + status.running == 0 || since <= view.stall_after) return {};
  auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(since).count();
  return "no message was finished for " + std::to_string(seconds) + " s, with " +
         std::to_string(status.waiting) + " waiting and " + std::to_string(status.running) +
         " running";
}

}  // namespace

std::vector<std::string> reasons_not_ready(ServiceView const& view) {
  std::vector<std::string> reasons;
  auto const add = [&](std::string const& subject, std::string const& trouble) {
    if (!trouble.empty()) reasons.push_back(subject + ": " + trouble);
  };
  if (view.phase == ServicePhase::starting) reasons.emplace_back("it is starting");
  if (view.phase == ServicePhase::stopping) reasons.emplace_back("it is stopping");
  add("database", view.database_trouble);
  if (view.phase == ServicePhase::starting) return reasons;
  add("broker", view.broker_trouble);
  for (auto const& relay : view.relays) {
    if (!relay.readiness.ready) add("relay '" + relay.name + "'", relay.readiness.reason);
  }
  if (view.has_subscriptions && view.subscriptions.empty()) {
    reasons.emplace_back("the subscriptions have not started");
  }
  for (auto const& status : view.subscriptions) {
    auto const subject = "subscription '" + status.subscriber_id + "'";
    add(subject, status.trouble);
    add(subject, stalled(status, view));
  }
  for (auto const& component : view.components) {
    add("component '" + component.name + "'", component.trouble);
  }
  return reasons;
}

bool is_alive(ServiceView const& view) {
  return view.phase != ServicePhase::running ||
         std::ranges::all_of(view.relays, [](auto const& relay) { return is_alive(relay); });
}

std::string readiness_json(ServiceView const& view) {
  ReadinessDocument readiness{.reasons = reasons_not_ready(view),
                              .service = view.name,
                              .version = view.version,
                              .phase = view.phase};
  readiness.ready = readiness.reasons.empty();
  for (auto const& relay : view.relays) readiness.relays.push_back(document(relay));
  for (auto const& status : view.subscriptions) {
    readiness.subscriptions.push_back(document(status));
  }
  return json::encode_report(readiness) + "\n";
}

}  // namespace tram
