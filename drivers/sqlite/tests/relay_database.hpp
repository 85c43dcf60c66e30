#pragma once

#include "outbox_file.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/schema/schema.hpp"
#include "tram/sql/database.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace tram::testing {

/// An outbox with everything that a relay keeps beside it.
struct RelayDatabase {
  OutboxFile file;
  RawConnection raw{file.path()};
  SystemClock database_clock;
  SystemRandom database_random;
  Database database = sqlite::connect({.path = file.path()}, {}, database_clock, database_random);

  RelayDatabase() { install_schema(database, SchemaName::none()); }
};

}  // namespace tram::testing
