// expect: tram: the second parameter of a handler of commands is a Command<C> const&
#include "customers.hpp"

tram::Subscription handlers(tram::Outbox const& outbox) {
  return tram::handle_commands(service, outbox).on([](tram::Transaction&, ReserveCredit const&) {});
}
