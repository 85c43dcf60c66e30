#include <utility>

#include "tram/postgres/postgres.hpp"

namespace tram::postgres {

Database connect(Config const& config, PoolOptions const& options, Clock& clock, Random& random) {
  return Database{driver(config, clock, random), options, clock, random};
}

}  // namespace tram::postgres
