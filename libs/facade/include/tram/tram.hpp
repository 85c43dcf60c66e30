#pragma once

// All of Tram, for the file that has `main`. Other files include the headers of the parts that they
// use. Drivers come beside it: `tram/all_drivers.hpp`, or one header for each.
//
//     #include <tram/all_drivers.hpp>
//     #include <tram/tram.hpp>

#include "tram/base/deadline.hpp"
#include "tram/base/error.hpp"
#include "tram/base/runtime.hpp"
#include "tram/commands/command_calls.hpp"
#include "tram/commands/command_handlers.hpp"
#include "tram/commands/commands.hpp"
#include "tram/commands/reply_handlers.hpp"
#include "tram/commands/sends.hpp"
#include "tram/connect/broker.hpp"
#include "tram/connect/database.hpp"
#include "tram/events/event_handlers.hpp"
#include "tram/events/event_publisher.hpp"
#include "tram/events/publishes.hpp"
#include "tram/host/contribution.hpp"
#include "tram/host/exit_status.hpp"
#include "tram/host/stop_signals.hpp"
#include "tram/http/message.hpp"
#include "tram/json/json.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/relay/outbox_source.hpp"
#include "tram/schema/schema.hpp"
#include "tram/service/asyncapi.hpp"
#include "tram/service/interceptors.hpp"
#include "tram/service/request_body.hpp"
#include "tram/service/service.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/structs.hpp"
#include "tram/sql/violations.hpp"
#include "tram/subscriber/handle_messages.hpp"
