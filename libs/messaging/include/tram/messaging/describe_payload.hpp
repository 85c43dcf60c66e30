#pragma once

#include <string>

#include "tram/json/schema.hpp"
#include "tram/messaging/message_description.hpp"
#include "tram/wire/wire_type.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The name and schema of a type on the wire.
template <class T>
PayloadDescription describe_payload() {
  return {.type = std::string{wire_names<T>[0]}, .schema = json::json_schema<T>()};
}

}  // namespace tram

#pragma GCC visibility pop
