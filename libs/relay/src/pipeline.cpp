#include "tram/relay/pipeline.hpp"

#include <utility>

#include "prepared_held_rows.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/relay/relay_view.hpp"

namespace tram {
namespace {

std::unique_ptr<ChangeSource> given(std::unique_ptr<ChangeSource> source, std::string const& name) {
  if (source) return source;
  throw Error{Fault::rejected,
              "relay '" + name + "': it has no source of changes; give it its outbox's"};
}

}  // namespace

Pipeline::Pipeline(PipelineParts parts, RelayOptions options)
    : name_{options.name},
      stall_after_{options.stall_after},
      clock_{parts.clock},
      source_{given(std::move(parts.source), name_)},
      retention_{std::move(parts.retention)},
      held_{std::make_unique<PreparedHeldRows>(
          SqlHeldRowStore{parts.database, parts.schema, *source_},
          std::move(parts.prepare_tables))},
      relay_{{.source = *source_,
              .broker = parts.broker,
              .held = *held_,
              .retention = retention_.get(),
              .clock = parts.clock,
              .random = parts.random,
              .logger = std::move(parts.logger)},
             std::move(options)} {}

Pipeline::~Pipeline() = default;

RelayView Pipeline::view() const {
  RelayView view{.name = name_, .status = relay_.status(), .now = clock_.steady()};
  view.readiness = readiness(view.status, view.now, stall_after_);
  return view;
}

bool Pipeline::has_begun() const {
  auto const status = relay_.status();
  auto const& counters = status.counters;
  return status.connected || status.standby ||
         counters.source_errors + counters.broker_errors + counters.held_errors > 0;
}

}  // namespace tram
