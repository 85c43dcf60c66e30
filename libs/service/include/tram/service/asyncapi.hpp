#pragma once

#include <string>
#include <vector>

#include "tram/messaging/message_description.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// How a service presents itself to others.
struct ServiceDescription {
  std::string name;
  std::string version;
  std::vector<MessageDescription> messages;
};

/// An AsyncAPI document, version 3.0.0 (https://www.asyncapi.com/docs/reference/specification), as
/// JSON: a channel per channel, an operation per handler and publisher, the payloads as JSON
/// Schemas. The same description gives the same text. Nothing waits, nothing fails.
std::string asyncapi(ServiceDescription const& description);

}  // namespace tram

#pragma GCC visibility pop
