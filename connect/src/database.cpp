#include "tram/connect/database.hpp"

#include "postgres_url.hpp"
#include "schemes.hpp"
#include "tram/base/error.hpp"
#ifdef TRAM_HAS_POSTGRES
#include "tram/postgres/dialect.hpp"
#include "tram/postgres/postgres.hpp"
#endif
#ifdef TRAM_HAS_SQLITE
#include "tram/sqlite/dialect.hpp"
#include "tram/sqlite/sqlite.hpp"
#endif

namespace tram::connect {
namespace {

#ifdef TRAM_HAS_POSTGRES
Database open_postgres(Url const& url, std::string_view text, PoolOptions const& options,
                       Clock& clock, Random& random) {
  bool const unnamed = choice(url, "tram_statements", {"prepared", "unnamed"}) == 1;
  return postgres::connect(
      {.connection = libpq_url(text),
       .statements = unnamed ? postgres::Statements::unnamed : postgres::Statements::prepared},
      options, clock, random);
}
#endif

#ifdef TRAM_HAS_SQLITE
sqlite::Opening opening_of(Opening opening) {
  switch (opening) {
    case Opening::existing: return sqlite::Opening::existing;
    case Opening::read_only: return sqlite::Opening::read_only;
    case Opening::create: break;
  }
  return sqlite::Opening::create;
}

Database open_sqlite(Url const& url, PoolOptions const& options, Clock& clock, Random& random,
                     Opening opening) {
  require_sqlite_parameters(url);
  if (url.rest.empty() || url.rest.starts_with(":memory:")) {
    throw Error{Fault::rejected, "url: a SQLite database in memory would end with its connection; "
                                 "name a file, as in sqlite:orders.db"};
  }
  bool const light = choice(url, "durability", {"power_failure", "process_crash"}) == 1;
  sqlite::Config config{
      .path = url.rest,
      .durability = light ? sqlite::Durability::process_crash : sqlite::Durability::power_failure,
      .opening = opening_of(opening),
      .file_mode = file_mode(url)};
  if (choice(url, "foreign_keys", {"off", "on"}) == 1)
    config.statements.emplace_back("PRAGMA foreign_keys = ON");
  return sqlite::connect(config, options, clock, random);
}
#endif

}  // namespace

Database database(std::string_view text, PoolOptions const& options, Clock& clock, Random& random,
                  [[maybe_unused]] Opening opening) {
  auto const url = parse_url(text);
#ifdef TRAM_HAS_POSTGRES
  if (url.scheme == "postgresql") return open_postgres(url, text, options, clock, random);
#endif
#ifdef TRAM_HAS_SQLITE
  if (url.scheme == "sqlite") return open_sqlite(url, options, clock, random, opening);
#endif
  refuse_database(url);
}

Dialect const* dialect([[maybe_unused]] std::string_view scheme) {
#ifdef TRAM_HAS_POSTGRES
  if (scheme == "postgresql") return &postgres::dialect;
#endif
#ifdef TRAM_HAS_SQLITE
  if (scheme == "sqlite") return &sqlite::dialect;
#endif
  return nullptr;
}

}  // namespace tram::connect
