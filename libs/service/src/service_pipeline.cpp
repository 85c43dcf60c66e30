#include "service_pipeline.hpp"

#include "tram/relay/outbox_source.hpp"

namespace tram {

std::unique_ptr<Pipeline> make_pipeline(ServiceRelay const& relay, ServiceParts const& parts,
                                        SchemaName const& schema) {
  auto const age = relay.outbox_age;
  auto options = relay.options;
  options.drain = RelayDrain::committed;
  return std::make_unique<Pipeline>(
      PipelineParts{.source = relay.outbox->change_source(),
                    .retention = age ? relay.outbox->retention(parts.database, *age) : nullptr,
                    .broker = parts.broker,
                    .database = parts.database,
                    .schema = schema,
                    .clock = parts.runtime.clock,
                    .random = parts.runtime.random,
                    .logger = parts.runtime.logger},
      std::move(options));
}

}  // namespace tram
