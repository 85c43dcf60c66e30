// expect: tram: a handler is copied: let it capture references, or a std::shared_ptr, and nothing
// that can only be moved
#include "shipments.hpp"

auto const handlers =
    arrivals([one = std::make_unique<int>(1)](tram::Transaction&, ShipmentBooked const&) {});
