#pragma once

#include <string>

#include "tram/messaging/channel_mapping.hpp"
#include "tram/wire/message.hpp"

namespace tram {

/// What a receiver could not use is refused where it is sent: `mapping` is the sender's. Faults:
/// rejected, naming what is wrong with which part.
void require_sendable(Message const& message, NameMapping const& mapping);

/// Refuses the message: `outbox: a message to 'orders' has …`.
[[noreturn]] void refuse_message(Message const& message, std::string const& state);

}  // namespace tram
