#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/sql/database.hpp"
#include "tram/storage/schema.hpp"

/// What outbox, inbox and held messages promise on every database. A driver instantiates the suites
/// with a harness that, once constructed, has a database with Tram's tables, all empty, and
/// - `Database database(Clock&, Random&)`: each time a pool of its own on it,
/// - `void wait_for_waiting()`: returns when some statement waits for another transaction, or at
/// once where that cannot be seen.
namespace tram::contract {

template <class Harness>
class MessagingFixture : public ::testing::Test {
 protected:
  std::int64_t number(std::string const& sql) {
    return others_.transact({.access = Access::read_only}, [&](Transaction& tx) {
      return tx.execute(sql)[0].template get<std::int64_t>(0);
    });
  }
  std::int64_t count(std::string const& table) {
    return number("SELECT count(*) FROM " + table_name(table));
  }
  std::string table_name(std::string const& table) {
    return schema_in(database_.dialect(), SchemaName{}).qualify(table);
  }

  SystemClock clock_;
  SystemRandom random_;
  Harness harness_;
  Database database_ = harness_.database(clock_, random_);
  Database others_ = harness_.database(clock_, random_);
};

}  // namespace tram::contract
