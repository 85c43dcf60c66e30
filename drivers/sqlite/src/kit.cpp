#include "tram/sqlite/kit.hpp"

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/base/url.hpp"
#include "tram/sql/database.hpp"
#include "tram/sqlite/dialect.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram::sqlite {
namespace {

Database open(Url const& url, PoolOptions const& options, Opening opening, Clock& clock,
              Random& random) {
  url.require_path();
  url.require_parameters({"durability", "file_mode", "foreign_keys"});
  if (url.rest.empty() || url.rest.starts_with(":memory:")) {
    throw Error{Fault::rejected, "url: a SQLite database in memory would end with its connection; "
                                 "name a file, as in sqlite:orders.db"};
  }
  bool const light = url.choice("durability", {"power_failure", "process_crash"}) == 1;
  Config config{.path = url.rest,
                .durability = light ? Durability::process_crash : Durability::power_failure,
                .opening = opening,
                .file_mode = url.file_mode()};
  if (url.choice("foreign_keys", {"off", "on"}) == 1)
    config.statements.emplace_back("PRAGMA foreign_keys = ON");
  return connect(config, options, clock, random);
}

}  // namespace

constinit DatabaseKit const kit{.scheme = "sqlite", .alias = "", .dialect = dialect, .open = open};

}  // namespace tram::sqlite
