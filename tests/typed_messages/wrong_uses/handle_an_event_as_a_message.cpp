// expect: tram: events, commands and replies go to handle_events, handle_commands and
// handle_replies
#include "shipments.hpp"

auto const handlers = arrivals([](tram::Transaction&, tram::Event<ShipmentBooked> const&) {});
