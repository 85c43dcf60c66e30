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
#include "tram/base/url.hpp"
#include "tram/broker/broker.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Further properties for the client library, under its own names; empty for brokers without one.
using BrokerProperties = std::map<std::string, std::string>;

/// Who is checking the broker.
enum class BrokerCheck : std::uint8_t {
  /// A process that is about to use it: a file that is in use by another process is an error.
  before_use,
  /// An observer such as `tram doctor`: a file in use is fine, a missing one is an error.
  from_outside,
};

/// A broker by URL: all that a program needs of a driver when the URL chooses it. A driver exports
/// one for each scheme, `tram::kafka::kit`.
struct BrokerKit {
  std::string_view scheme;
  /// Whether there may be properties; if not, `open` gets none.
  bool takes_properties{};
  /// Throws: rejected for parameters that the driver does not have, and as the driver's `connect`.
  /// `clock` must outlive the broker.
  std::unique_ptr<Broker> (*open)(Url const& url, BrokerProperties const& properties, Clock& clock,
                                  Logger const& logger){};
  /// Whether the broker is there, without making or changing anything. Null: it is opened and
  /// asked. Throws: rejected, as `open`.
  std::vector<Finding> (*check)(Url const& url, BrokerCheck check){};
};

}  // namespace tram

#pragma GCC visibility pop
