#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/random.hpp"
#include "tram/sql/database.hpp"
#include "tram/sql/dialect.hpp"

#pragma GCC visibility push(default)

// What outbox, inbox and held messages must do on every database. A driver proves itself with a
// harness:
//
//   struct MyHarness {
//     // Once constructed it has a database with Tram's tables, all of them empty.
//     MyHarness();
//     // Each time with its own pool, always on the same database.
//     tram::Database database(tram::Clock& clock, tram::Random& random);
//     // Returns when a statement waits for another transaction, or at once where that cannot be
//     // seen.
//     void wait_for_waiting();
//   };
//
// and, within namespace tram::testkit,
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyDatabase, OutboxContract, MyHarness);
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyDatabase, InboxContract, MyHarness);
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyDatabase, HeldMessagesContract, MyHarness);

namespace tram::testkit {

/// What these suites share.
///
///     class InboxContract : public MessagingFixture<Harness> {};
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

}  // namespace tram::testkit

#pragma GCC visibility pop
