#pragma once

#include <string_view>
#include <vector>

#include "tram/broker/broker_kit.hpp"
#include "tram/connect/kits.hpp"

namespace tram::connect {

/// The broker that a URL names, such as `kafka://host:9092` or `embedded:channels.db`. What the
/// URLs of a driver may say is in its `kit.hpp`.
///
/// Throws: rejected for a URL without a scheme, for a scheme without a driver among `kits` (the
/// text says whether it could have been built), for properties where the driver takes none, and as
/// the driver's own `connect`. `clock` must outlive the broker.
std::unique_ptr<Broker> broker(std::string_view url, BrokerProperties const& properties,
                               Clock& clock, Logger const& logger = {},
                               Kits const& kits = built_kits());

/// Whether the broker is there. Makes and changes nothing and waits some seconds at most; a problem
/// is a finding.
std::vector<Finding> check_broker(std::string_view url, BrokerProperties const& properties,
                                  BrokerCheck check, Clock& clock, Kits const& kits = built_kits());

}  // namespace tram::connect
