#pragma once

#include "outbox_file.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
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

  RelayDatabase() {
    raw.run("CREATE TABLE tram_relay_held (id INTEGER PRIMARY KEY AUTOINCREMENT, relay TEXT NOT "
            "NULL, row_id TEXT NOT NULL, "
            "database_id INTEGER, destination TEXT NOT NULL, message_key TEXT, headers TEXT, "
            "payload TEXT, "
            "reason TEXT NOT NULL, held_at INTEGER NOT NULL, retry_requested INTEGER NOT NULL "
            "DEFAULT 0, UNIQUE (relay, row_id))");
  }
};

}  // namespace tram::testing
