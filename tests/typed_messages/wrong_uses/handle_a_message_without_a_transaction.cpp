// expect: tram: the first parameter of a handler is a Transaction&
#include "shipments.hpp"

auto const handlers = arrivals([](ShipmentBooked const&, tram::Transaction const&) {});
