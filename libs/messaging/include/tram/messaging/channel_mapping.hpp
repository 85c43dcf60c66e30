#pragma once

#include <string>
#include <string_view>

#include "tram/base/detail/function.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Turns the channel that code names into the one that the broker knows, and subscriber ids into
/// consumer groups. Identity when empty. Applied to the destination of what is sent and to the
/// channels of subscriptions, never to names in headers (contract: core 2.6). Must be callable from
/// any thread and always give the same answer.
using NameMapping = std::function<std::string(std::string_view)>;

/// Applies the mapping; the name itself for an empty mapping.
inline std::string mapped(NameMapping const& mapping, std::string_view name) {
  return mapping ? mapping(name) : std::string{name};
}

}  // namespace tram

#pragma GCC visibility pop
