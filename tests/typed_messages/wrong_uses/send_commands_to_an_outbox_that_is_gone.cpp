// expect: use of deleted function ‘tram::Commands::Commands(const tram::Outbox&&)’
#include "customers.hpp"

tram::Commands commands(tram::Database& database, tram::IdGenerator& ids, tram::Random& random) {
  return tram::Commands{tram::Outbox::of(database, ids, random)};
}
