#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/base/random.hpp"
#include "tram/sql/database.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// What the suites of `database_contract.hpp` share.
///
///     class StatementContract : public DatabaseFixture<Harness> {};
template <class Harness>
class DatabaseFixture : public ::testing::Test {
 protected:
  DatabaseFixture() {
    database_.transact([](Transaction& tx) {
      tx.execute("DROP TABLE IF EXISTS contract");
      tx.execute(
          "CREATE TABLE contract (id BIGINT PRIMARY KEY, name TEXT, ratio DOUBLE PRECISION)");
    });
  }
  void insert(Transaction& tx, int id, std::string const& name = "a") {
    tx.execute("INSERT INTO contract (id, name) VALUES (?, ?)", id, name);
  }
  /// As another process sees it.
  std::int64_t count() {
    return others_.transact({.access = Access::read_only}, [](Transaction& tx) {
      return tx.execute("SELECT count(*) FROM contract")[0].template get<std::int64_t>(0);
    });
  }
  template <class Call>
  static std::optional<Fault> fault_of(Call&& call) {
    try {
      call();
    } catch (Error const& error) { return error.fault(); }
    return std::nullopt;
  }
  std::optional<Fault> fault_of_statement(std::string const& sql) {
    return fault_of([&] { database_.transact([&](Transaction& tx) { tx.execute(sql); }); });
  }

  SystemClock clock_;
  SystemRandom random_;
  Harness harness_;
  Database database_ = harness_.database(clock_, random_);
  Database others_ = harness_.database(clock_, random_);
};

}  // namespace tram::testkit

#pragma GCC visibility pop
