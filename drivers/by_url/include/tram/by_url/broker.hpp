#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tram/base/clock.hpp"
#include "tram/base/log.hpp"
#include "tram/broker/broker.hpp"

namespace tram::by_url {

/// What a client library is told beyond what the URL says, under its own names; empty for brokers
/// without one.
using BrokerProperties = std::map<std::string, std::string>;

/// The broker that a URL names:
///
/// - `kafka://host:9092,host:9092`: parameters of the URL are properties of the client library
///   (`?compression.type=lz4`).
/// - `embedded:channels.db`: a file, for one process; `?partitions=8`.
/// - `memory:`: lives and dies with this process; `?partitions=8`.
///
/// Faults: rejected for anything else, for a driver that is not built into this program, and for
/// what the driver refuses. `clock` must outlive the broker.
std::unique_ptr<Broker> broker(std::string_view url, BrokerProperties const& properties,
                               Clock& clock, Logger const& logger = {});

}  // namespace tram::by_url
