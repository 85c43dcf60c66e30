// expect: tram: a handler of messages returns nothing; one that answers is given to handle_commands
#include "shipments.hpp"

auto const handlers =
    arrivals([](tram::Transaction&, ShipmentBooked const& booked) { return booked; });
