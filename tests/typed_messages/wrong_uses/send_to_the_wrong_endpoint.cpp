// expect: tram: this endpoint does not take this command: name it in the Endpoint<...>
#include "customers.hpp"

void send(tram::Transaction& tx, tram::Commands const& commands) {
  commands.notify(tx, service, ShipOrder{});
}
