// expect: tram: a handler takes its message by const reference
#include "shipments.hpp"

auto const handlers = arrivals([](tram::Transaction&, ShipmentBooked&) {});
