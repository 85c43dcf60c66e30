// expect: use of deleted function ‘tram::EventPublisher::EventPublisher(const tram::Outbox&&
#include "orders.hpp"

tram::EventPublisher publisher(tram::Database& database, tram::IdGenerator& ids,
                               tram::Random& random) {
  return tram::EventPublisher{tram::Outbox::of(database, ids, random)};
}
