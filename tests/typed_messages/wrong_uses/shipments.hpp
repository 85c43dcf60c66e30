#pragma once

#include "tram/events/event.hpp"
#include "tram/sql/transaction.hpp"
#include "tram/subscriber/handle_messages.hpp"

struct ShipmentBooked {
  int shipment_id{};
  std::string carrier;
};

template <class Handler>
tram::Subscription arrivals(Handler handler) {
  return tram::handle_messages("arrivals", {"shipments"}, std::move(handler));
}
