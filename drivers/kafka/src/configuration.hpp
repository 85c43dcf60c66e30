#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "librdkafka.hpp"
#include "tram/broker/broker.hpp"
#include "tram/kafka/kafka.hpp"

namespace tram::kafka {

/// librdkafka's properties by name.
using Properties = std::map<std::string, std::string>;

/// What every client is told, which is all that one for administration needs.
Properties client_properties(Config const& config);
/// `batch_bytes_max`: how much one request may carry to one partition.
Properties producer_properties(Config const& config, std::size_t batch_bytes_max);
Properties consumer_properties(Config const& config, ConsumerMode const& mode);

/// Faults: rejected, naming the property.
ConfHandle conf_of(Properties const& properties);

/// Faults: rejected for what can be seen without a broker.
void check(Config const& config);

}  // namespace tram::kafka
