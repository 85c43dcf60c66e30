#include "tram/postgres/kit.hpp"

#include "libpq_url.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/base/url.hpp"
#include "tram/postgres/dialect.hpp"
#include "tram/postgres/postgres.hpp"
#include "tram/sql/database.hpp"

namespace tram::postgres {
namespace {

Database open(Url const& url, PoolOptions const& options, Opening /*opening*/, Clock& clock,
              Random& random) {
  bool const unnamed = url.choice("tram_statements", {"prepared", "unnamed"}) == 1;
  return connect({.connection = libpq_url(url.text),
                  .statements = unnamed ? Statements::unnamed : Statements::prepared},
                 options, clock, random);
}

}  // namespace

constinit DatabaseKit const kit{
    .scheme = "postgresql", .alias = "postgres", .dialect = dialect, .open = open};

}  // namespace tram::postgres
