// expect: tram: this endpoint does not take this command: name it in the Endpoint<...>
#include "customers.hpp"

tram::Subscription handlers(tram::Outbox const& outbox) {
  return tram::handle_commands(service, outbox)
      .on([](tram::Transaction&, tram::Command<ShipOrder> const&) {});
}
