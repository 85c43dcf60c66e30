#include "running_relay.hpp"

#include "tram/base/clock.hpp"
#include "tram/sql/database.hpp"

namespace tram {
namespace {

RelayOptions options_of(ServiceRelay const& relay) {
  auto options = relay.options;
  options.drain = RelayDrain::committed;
  return options;
}

/// Where rows carry their position in a column.
std::unique_ptr<OutboxRetention> default_retention(ServiceRelay const& relay,
                                                   ServiceParts const& parts,
                                                   SchemaName const& schema) {
  if (relay.retention) return nullptr;
  if (!parts.database.dialect().numbered_outbox) {
    parts.logger.warning(
        "service.no_retention",
        {{"relay", relay.options.name}, {"what", "rows of the outbox are never removed"}});
    return nullptr;
  }
  return std::make_unique<NumberedOutboxRetention>(parts.database, schema, relay.outbox_age,
                                                   "message", relay.source->held_rows_name());
}

}  // namespace

RunningRelay::RunningRelay(ServiceRelay& relay, ServiceParts const& parts, SchemaName const& schema)
    : parts_{parts},
      options_{options_of(relay)},
      held_{parts.database, schema, *relay.source},
      own_retention_{default_retention(relay, parts, schema)},
      relay_{{.source = *relay.source,
              .broker = parts.broker,
              .held = held_,
              .retention = relay.retention ? relay.retention.get() : own_retention_.get(),
              .clock = parts.clock,
              .random = parts.random,
              .logger = parts.logger},
             options_} {}

bool RunningRelay::has_begun() const {
  auto const status = relay_.status();
  auto const& counters = status.counters;
  return status.connected || status.standby ||
         counters.source_errors + counters.broker_errors + counters.held_errors > 0;
}

RelayView RunningRelay::view() const {
  RelayView view{.name = options_.name, .status = relay_.status(), .now = parts_.clock.steady()};
  view.readiness = readiness(view.status, view.now, options_.stall_after);
  return view;
}

}  // namespace tram
