#pragma once

#include <string_view>
#include <vector>

#include "tram/base/runtime.hpp"
#include "tram/broker/broker_kit.hpp"
#include "tram/connect/drivers.hpp"

#pragma GCC visibility push(default)

namespace tram::connect {

/// The broker that a URL names, such as `kafka://host:9092` or `embedded:channels.db`. What the
/// URLs of a driver may say is in its `kit.hpp`. The log gets the client library's own lines.
///
/// Throws: rejected for a URL without a scheme, for a scheme without a driver among `drivers` (the
/// text says whether it could have been built), for properties where the driver takes none, and as
/// the driver's own `connect`.
std::unique_ptr<Broker> broker(std::string_view url, Drivers const& drivers, Runtime const& runtime,
                               BrokerProperties const& properties = {});

/// Whether the broker is there. Makes and changes nothing and waits some seconds at most; a problem
/// is a finding.
std::vector<Finding> check_broker(std::string_view url, Drivers const& drivers,
                                  Runtime const& runtime, BrokerCheck check,
                                  BrokerProperties const& properties = {});

}  // namespace tram::connect

#pragma GCC visibility pop
