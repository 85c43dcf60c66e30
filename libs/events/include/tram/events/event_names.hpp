#pragma once

#include <string>
#include <string_view>

#include "tram/base/detail/function.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Names on the wire that differ from the ones in the code, for a whole service (contract: core
/// 3.3). For single events `former_wire_types` is simpler. Identity where empty; callable from any
/// thread.
struct EventNames {
  using Mapping =
      std::function<std::string(std::string_view aggregate_type, std::string_view event_type)>;
  /// From the event's `wire_type` to header `event-type`.
  Mapping outgoing{};
  /// From header `event-type` to the `wire_type` of the handler.
  Mapping incoming{};
};

}  // namespace tram

#pragma GCC visibility pop
