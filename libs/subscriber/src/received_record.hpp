#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "queued_message.hpp"
#include "tram/broker/consumer.hpp"
#include "tram/subscriber/held_messages.hpp"

namespace tram {

/// The messages of a record for their lanes. A record that is not a message gives one item, to be
/// held, with its value as the payload and no headers.
std::vector<QueuedMessage> queued_messages(std::string_view subscriber_id, Delivery record);

/// The id of a message; for any other record, its place: `CHANNEL:PARTITION:POSITION`.
std::string message_id(IncomingMessage const& incoming);

/// `channel 'x', message 'ID': what`, also where `what` says so already.
std::string described(IncomingMessage const& incoming, std::string_view what);
std::string described(HeldMessage const& held, std::string_view what);

HeldKey held_key(IncomingMessage const& incoming);

/// As it is stored. Headers `{}` say that the payload is the value of a record: of one that is no
/// message, or of a message whose payload no database takes as text.
HeldMessage held_message(QueuedMessage const& item, std::string reason);

/// The messages to handle in place of a held one: itself, or those in the record that it is.
/// Malformed, when that still holds none.
std::vector<IncomingMessage> messages_of(HeldMessage const& held);

}  // namespace tram
