// expect: tram: the third parameter of a handler, if it has one, is a tram::IncomingMessage const&
#include "shipments.hpp"

auto const handlers = arrivals([](tram::Transaction&, ShipmentBooked const&, int) {});
