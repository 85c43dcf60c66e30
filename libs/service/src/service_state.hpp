#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "handle_times.hpp"
#include "send_counts.hpp"
#include "service_phase.hpp"
#include "tram/base/mutex.hpp"
#include "tram/http/message.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/service/asyncapi.hpp"
#include "tram/service/service.hpp"
#include "tram/storage/table_part.hpp"
#include "tram/wire/id_generator.hpp"

namespace tram {

/// What a service is made of, before it runs and while it does.
struct Service::State {
  State(ServiceParts its_parts, ServiceOptions its_options);

  Outbox const& outbox() TRAM_EXCLUDES(mutex);
  /// Refuses a part that is added while `run` goes on, which would never see it.
  void require_before_run(std::string const& part) const;
  [[nodiscard]] ServiceDescription description() const;
  void add(TablesOf tables);
  /// Refuses a kind of requests that is there already.
  void add_kind(std::string const& kind);

  ServiceParts parts;
  ServiceOptions options;
  IdGenerator ids;

  std::vector<std::function<void(Transaction&)>> prepares;
  std::vector<Subscription> subscriptions;
  /// Those that contributions bring.
  TableParts further_tables;
  /// Who brings each of them.
  std::map<std::string, TablesOf> table_makers;
  std::vector<Component> components;
  std::vector<SteppedComponent> stepped;
  std::set<std::string> request_kinds;
  std::vector<MessageDescription> sends;
  std::vector<Metric> metrics;
  std::vector<ServiceRelay> relays;
  std::vector<http::Route> routes;

  // Shared with the outbox.
  std::shared_ptr<SendCounts> send_counts{std::make_shared<SendCounts>()};
  /// By subscriber id.
  std::map<std::string, HandleTimes> handle_times;
  std::atomic<std::uint16_t> http_port{0};
  std::atomic<ServicePhase> phase{ServicePhase::starting};
  /// From the call of `run` until it returns.
  std::atomic<bool> is_in_run{false};

  Mutex mutex;
  std::unique_ptr<Outbox> made_outbox TRAM_GUARDED_BY(mutex);
};

}  // namespace tram
