#pragma once

#include "tram/relay/pipeline.hpp"
#include "tram/service/service.hpp"

namespace tram {

/// The pipeline of one of a service's outboxes, for one run.
std::unique_ptr<Pipeline> make_pipeline(ServiceRelay const& relay, ServiceParts const& parts,
                                        SchemaName const& schema);

}  // namespace tram
