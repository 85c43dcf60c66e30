// expect: use of deleted function ‘tram::CommandHandlers<Taken ...> tram::handle_commands(const
// tram::Endpoint<Commands ...>&, const tram::Outbox&&
#include "customers.hpp"

tram::Subscription handlers(tram::Database& database, tram::IdGenerator& ids,
                            tram::Random& random) {
  return tram::handle_commands(service, tram::Outbox::of(database, ids, random));
}
