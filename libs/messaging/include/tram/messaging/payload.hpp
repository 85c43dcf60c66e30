#pragma once

#include <string>
#include <string_view>

#include "tram/base/error.hpp"
#include "tram/json/json.hpp"
#include "tram/messaging/incoming_message.hpp"
#include "tram/wire/header_names.hpp"

#pragma GCC visibility push(default)

/// What typed handlers need of a message, with errors that tell which message it is.
namespace tram {

/// `channel 'orders.Order', message '00000153812efe94-0242ac1100800000'`
inline std::string place_of(IncomingMessage const& incoming) {
  auto const id = incoming.message.headers.find(header::id);
  return "channel '" + incoming.source.channel + "', message '" +
         std::string{id.value_or("without id")} + "'";
}

/// The header's value. Absent: malformed.
inline std::string const& require_header(IncomingMessage const& incoming, std::string_view name) {
  try {
    return incoming.message.headers.require(name);
  } catch (Error const& error) {
    throw Error{error.fault(), place_of(incoming) + ": " + error.what()};
  }
}

/// Reads the payload of a message of this type. Malformed, naming channel, message, type and the
/// path to the member: `channel 'orders', message '…': orders.OrderPlaced: OrderPlaced.total:
/// missing`.
template <class T>
T decode_payload(IncomingMessage const& incoming, std::string_view type, std::string_view payload) {
  try {
    return json::decode<T>(payload);
  } catch (Error const& error) {
    throw Error{error.fault(), place_of(incoming) + ": " + std::string{type} + ": " + error.what()};
  }
}

}  // namespace tram

#pragma GCC visibility pop
