#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tram/base/detail/memory.hpp"
#include "tram/base/finding.hpp"
#include "tram/base/log.hpp"
#include "tram/base/time.hpp"
#include "tram/broker/broker.hpp"

namespace tram::connect {

/// Further properties for the client library, under its own names; empty for brokers without one.
using BrokerProperties = std::map<std::string, std::string>;

/// The broker that a URL names:
///
/// - `kafka://host:9092,host:9092`: parameters of the URL are properties of the client library
///   (`?compression.type=lz4`). Tram adds `tram.multi_messages` (`true`: messages of one
///   partition share a record, see `tram/kafka/kafka.hpp`), `tram.multi_message_bytes` and
///   `tram.multi_message_linger.ms`.
/// - `embedded:channels.db`: a file, for one process; `?partitions=8`.
/// - `memory:`: lives and dies with this process; `?partitions=8`.
///
/// Throws: rejected for anything else, for a driver that is not built into this program, and for
/// what the driver refuses. `clock` must outlive the broker.
std::unique_ptr<Broker> broker(std::string_view url, BrokerProperties const& properties,
                               Clock& clock, Logger const& logger = {});

/// Who is checking the broker.
enum class BrokerCheck : std::uint8_t {
  /// A process that is about to use it: a file that is in use by another process is an error.
  before_use,
  /// An observer such as `tram doctor`: a file in use is fine, a missing one is an error.
  from_outside,
};

/// Whether the broker is there. Makes and changes nothing and waits some seconds at most; a problem
/// is a finding.
std::vector<Finding> check_broker(std::string_view url, BrokerProperties const& properties,
                                  BrokerCheck check, Clock& clock);

}  // namespace tram::connect
