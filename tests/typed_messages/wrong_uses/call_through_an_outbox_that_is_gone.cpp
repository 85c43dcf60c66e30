// expect: could not convert
#include "customers.hpp"

tram::CommandCalls::Parts parts(tram::Database& database, tram::Broker& broker, tram::Clock& clock,
                                tram::IdGenerator& ids, tram::Random& random) {
  return {.database = database,
          .broker = broker,
          .outbox = tram::Outbox::of(database, ids, random),
          .clock = clock};
}
