// expect: tram: a handler of commands returns the Outcome of its command, or nothing
#include "customers.hpp"

tram::Subscription handlers(tram::Outbox const& outbox) {
  return tram::handle_commands(service, outbox)
      .on([](tram::Transaction&, tram::Command<ReserveCredit> const&) { return CreditReserved{}; });
}
