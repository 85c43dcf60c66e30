// expect: tram: a handler of messages is called with (Transaction&, T const&), and says so: no
// `auto` parameters, not `mutable`
#include "shipments.hpp"

auto const handlers =
    arrivals([count = 0](tram::Transaction&, ShipmentBooked const&) mutable { ++count; });
